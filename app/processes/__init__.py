"""Several processes as one service: the parent accepts, workers answer."""
