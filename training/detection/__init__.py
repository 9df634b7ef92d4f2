"""Training and judging the face detector."""
