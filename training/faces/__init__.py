"""The face network's data, losses and training crops: points, head pose, eyes and presence."""
