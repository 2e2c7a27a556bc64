"""Where a person comes in, and how they like the desk."""
