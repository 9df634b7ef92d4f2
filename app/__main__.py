"""python -m app serve | self-test [--record]"""

import argparse
import asyncio
import json
import sys
from contextlib import suppress

import uvicorn
from pydantic import ValidationError

from app import self_test
from app.analysis import open_analyzer
from app.errors import StartUpError
from app.face.card import CardError
from app.logs import configure_logging
from app.main import create_app, hashes
from app.models import load_models
from app.observability import LogObserver
from app.server import server_config
from app.settings import Settings


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m app",
        description="The mien service. Settings are environment variables MIEN_*, see "
        "app/settings.py.",
    )
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("serve", help="start the HTTP service (default)")
    test = commands.add_parser("self-test", help="check the pipeline's numbers on the golden image")
    test.add_argument("--record", action="store_true", help="write expected.json from this run")
    chosen = parser.parse_args(arguments)
    try:
        settings = Settings()
    except ValidationError as error:
        print(f"The settings MIEN_* are wrong.\n{error}", file=sys.stderr)
        return 2
    if chosen.command == "self-test":
        return _self_test(settings, chosen.record)
    return _serve(settings)


def _serve(settings: Settings) -> int:
    configure_logging(settings.server.log_level)
    server = uvicorn.Server(server_config(create_app(settings), settings.server))
    # uvicorn has shut down in order before it passes Ctrl-C on.
    with suppress(KeyboardInterrupt):
        server.run()
    return 0 if server.started else 3


def _self_test(settings: Settings, record: bool) -> int:
    configure_logging("warning")
    try:
        print(asyncio.run(_run_self_test(settings, record)))
    except (self_test.SelfTestError, CardError, StartUpError) as error:
        print(f"FAILED: {error}", file=sys.stderr)
        return 1
    return 0


async def _run_self_test(settings: Settings, record: bool) -> str:
    folder = settings.models_dir / self_test.FOLDER
    opened = await asyncio.to_thread(load_models, settings)
    async with open_analyzer(opened, settings, LogObserver().batch) as analyzer:
        usual = analyzer.models.detector.detector.usual_size
        if record and not usual:
            raise self_test.SelfTestError(
                "Not recorded: numbers belong to the size of the detector's card. Unset "
                "MIEN_DETECTOR_SIZE."
            )
        if record:
            face = await self_test.measure(analyzer.analyze, folder)
            known = self_test.read_truth(folder / self_test.LABELS_FILE)
            expected = self_test.record(face, hashes(analyzer), known)
            text = json.dumps(expected.model_dump(mode="json"), indent=1) + "\n"
            (folder / self_test.EXPECTED_FILE).write_text(text, encoding="utf-8")
        await self_test.run(analyzer.analyze, hashes(analyzer), folder, usual_size=usual)
        return f"passed: {', '.join(analyzer.models.all)} on {folder / self_test.IMAGE_FILE}"


if __name__ == "__main__":
    sys.exit(main())
