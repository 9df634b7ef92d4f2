"""What a request was and how long its stages took: logs, traces, metrics."""
