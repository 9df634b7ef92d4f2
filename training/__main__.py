"""`python -m training prepare|train|export|evaluate|card --recipe NAME`: the offline half of mien.

The steps hand their results on in a folder (`--runs`), so each can be repeated alone and a stopped
training goes on where it was.
"""

import argparse
import os
import sys
from pathlib import Path

STEPS = {
    "prepare": "cut the labelled faces out of the photographs, once",
    "train": "fit the network (stops and goes on: run it again)",
    "export": "Keras -> ONNX, checked against the network number by number",
    "evaluate": "judge the ONNX file on the test sets; numbers, curves, contact sheets",
    "card": "publish: copy the ONNX file to models/ and write its card and README",
}


def main(arguments: list[str] | None = None) -> int:
    parser = _parser()
    options = parser.parse_args(arguments)
    _limit_threads(options.threads)

    from training.recipes import RECIPES  # noqa: PLC0415 - imports tensorflow, which takes seconds
    from training.workspace import Workspace  # noqa: PLC0415

    if options.recipe not in RECIPES:
        parser.error(f"unknown recipe {options.recipe!r}; known: {', '.join(RECIPES)}")
    recipe = RECIPES[options.recipe].shortened(options.epochs, options.steps_per_epoch)
    workspace = Workspace(options.runs, options.models, recipe.name)
    try:
        for step in STEPS if options.step == "all" else (options.step,):
            print(f"== {step} {recipe.name}", file=sys.stderr)
            getattr(recipe, step)(options.data, workspace)
    except (FileNotFoundError, ValueError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    steps = "\n".join(f"  {name:9} {sentence}" for name, sentence in STEPS.items())
    parser = argparse.ArgumentParser(
        prog="python -m training",
        description=f"Train and publish a model, step by step:\n{steps}\n  all       all of them",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("step", choices=[*STEPS, "all"], metavar="STEP")
    parser.add_argument("--recipe", required=True, help="which model, for instance landmarks-68")
    parser.add_argument(
        "--data", type=Path, default=Path("data"), help="folder that holds the data sets"
    )
    parser.add_argument(
        "--runs", type=Path, default=Path("runs"), help="folder for everything in between"
    )
    parser.add_argument(
        "--models", type=Path, default=Path("models"), help="folder that the service reads"
    )
    parser.add_argument("--epochs", type=int, help="instead of the recipe's; for small runs")
    parser.add_argument("--steps-per-epoch", type=int, help="instead of the recipe's")
    parser.add_argument("--threads", type=int, help="processor threads (default: all there are)")
    return parser


def _limit_threads(threads: int | None) -> None:
    """Must run before tensorflow is imported: it reads these once."""
    if threads is not None:
        for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
            os.environ[name] = str(threads)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


if __name__ == "__main__":
    sys.exit(main())
