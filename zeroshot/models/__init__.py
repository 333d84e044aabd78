"""Which models there are, where their weights live, and how they come into memory."""
