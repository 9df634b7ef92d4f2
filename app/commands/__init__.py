"""The commands of `python -m app`, each with `run(settings, arguments) -> exit status`."""
