"""python -m app serve | self-test [--record] | tune [--write FILE]"""

import argparse
import os
import sys
from importlib import import_module

from pydantic import ValidationError
from pydantic_settings import SettingsError

from app.observability.logs import configure_logging
from app.settings import Settings

_FOR_LIBRARIES = {
    # OpenBLAS starts a thread per CPU when it is loaded: of no use for our small matrices, and a
    # process with threads cannot be forked safely.
    "OPENBLAS_NUM_THREADS": "1",
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit status."""
    chosen = _parser().parse_args(arguments)
    try:
        settings = Settings()
    except (ValidationError, SettingsError) as error:
        print(f"The settings MIEN_* are wrong.\n{error}", file=sys.stderr)
        if isinstance(error, SettingsError):  # only whole groups are read as JSON
            print("Set each by its own name, as MIEN_LIMITS__MAX_IMAGES=8.", file=sys.stderr)
        return 2
    configure_logging(chosen.log_level or settings.server.log_level)
    # Before any of these libraries is loaded, and not over what the operator says.
    for variable, value in _FOR_LIBRARIES.items():
        os.environ.setdefault(variable, value)
    status: int = import_module(f"app.commands.{chosen.module}").run(settings, chosen)
    return status


def _parser() -> argparse.ArgumentParser:
    """Every command names its module in app/commands, and a level where logs are not its output."""
    parser = argparse.ArgumentParser(
        prog="python -m app",
        description="The mien service. Settings are environment variables MIEN_*, see "
        "app/settings.py.",
    )
    parser.set_defaults(module="serve", log_level=None)
    commands = parser.add_subparsers()
    commands.add_parser("serve", help="start the HTTP service (default)")
    test = commands.add_parser("self-test", help="check the pipeline's numbers on the golden image")
    test.set_defaults(module="self_test", log_level="warning")
    test.add_argument("--record", action="store_true", help="write expected.json from this run")
    tune = commands.add_parser("tune", help="measure this machine and say which settings are best")
    tune.set_defaults(module="tune", log_level="warning")
    tune.add_argument("--write", metavar="FILE", help="write the settings as an environment file")
    tune.add_argument("--seconds", type=float, default=60.0, help="of measuring (default 60)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
