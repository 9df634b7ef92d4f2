"""python -m app self-test [--record]: the pipeline's numbers on the golden image."""

import argparse
import asyncio
import json
import sys

from app import self_test
from app.analysis import open_analyzer
from app.errors import StartUpError
from app.face.card import CardError
from app.main import hashes
from app.observability.observer import LogObserver
from app.open_models import load_models
from app.settings import Settings


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    try:
        print(asyncio.run(_run(settings, arguments.record)))
    except (self_test.SelfTestError, CardError, StartUpError) as error:
        print(f"FAILED: {error}", file=sys.stderr)
        return 1
    return 0


async def _run(settings: Settings, record: bool) -> str:
    folder = settings.models_dir / self_test.FOLDER
    if record:  # whatever this CPU would choose
        exactly = settings.inference.model_copy(update={"precision": "fp32"})
        settings = settings.model_copy(update={"inference": exactly})
    opened = await asyncio.to_thread(load_models, settings)
    async with open_analyzer(opened, settings, LogObserver().batch) as analyzer:
        models = analyzer.models
        if record and models.detector is None:
            raise self_test.SelfTestError(
                "Not recorded: numbers belong to a face that was found. Without a detector the "
                "self-test needs none, the rendered truth suffices."
            )
        if record and not models.usual_size:
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
        await self_test.run(
            analyzer.analyze,
            hashes(analyzer),
            folder,
            detects=models.detector is not None,
            usual_size=models.usual_size,
            exact=models.exact,
        )
        return f"passed: {', '.join(models.all)} on {folder / self_test.IMAGE_FILE}"
