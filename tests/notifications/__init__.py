"""What members are notified of, and how."""
