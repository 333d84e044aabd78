"""Speed and quality, as commands that print tables."""
