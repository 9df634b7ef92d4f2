"""The landmark schemes, one table per file."""
