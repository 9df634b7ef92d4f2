"""What the recipes of earlier systems share (training/recipes/zoo_*.py)."""
