"""What `python -m app tune` measures, and how it judges it."""
