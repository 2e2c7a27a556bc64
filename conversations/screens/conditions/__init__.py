"""The parts of the editor of conditions, as its script fetches them: new rows, rows of another field, and how much matches."""
