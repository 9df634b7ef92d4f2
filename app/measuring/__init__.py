"""What follows from a model's answer about one crop: pose, eyes, quality, verdict."""
