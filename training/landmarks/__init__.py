"""Training and judging landmark networks: crops, losses, metrics, evaluation."""
