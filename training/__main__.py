"""`python -m training VERB`: the offline half of mien.

`prepare|train|export|quantise|evaluate|card|all --recipe NAME` make a model: the steps hand their
results on in a folder (`--runs`), so each can be repeated alone and a stopped training goes on
where it was.
`render` makes training faces out of nothing but a 3D head. `results` judges all published models
and writes docs/results.md, `zoo` those and the earlier systems for docs/zoo.md.
"""

import argparse
import math
import os
import sys
from collections.abc import Callable
from pathlib import Path

STEPS = {
    "prepare": "cut the labelled faces out of the photographs, once",
    "train": "fit the network (stops and goes on: run it again)",
    "export": "Keras -> ONNX, checked against the network number by number",
    "quantise": "make the int8 file beside it, where that costs no accuracy; time it",
    "evaluate": "judge the ONNX file on the test sets; numbers, curves, contact sheets",
    "card": "publish: copy the ONNX file to models/ and write its card and README",
}


def main(arguments: list[str] | None = None) -> int:
    parser = _parser()
    options = parser.parse_args(arguments)
    _limit_threads(options.threads)
    try:
        if options.verb == "render":
            return _render(options)
        if options.verb == "results":
            from training.results import write_results  # noqa: PLC0415 - imports onnxruntime

            write_results(options.models, options.data, options.runs, options.docs)
            return 0
        if options.verb == "zoo":
            from training.zoo.comparison import write_comparison  # noqa: PLC0415 - likewise

            write_comparison(options.models, options.data, options.runs, options.docs)
            return 0
        return _make(options, parser)
    except (OSError, ValueError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _make(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    from training.recipes import RECIPES  # noqa: PLC0415 - imports tensorflow, which takes seconds
    from training.workspace import Workspace  # noqa: PLC0415

    if options.recipe not in RECIPES:
        parser.error(f"unknown recipe {options.recipe!r}; known: {', '.join(RECIPES)}")
    recipe = RECIPES[options.recipe]
    schedule = recipe.schedule.changed(
        options.epochs, options.steps_per_epoch, options.learning_rate
    )
    beginning = recipe.begins_with if options.begin_with is None else options.begin_with
    recipe = recipe.changed(schedule=schedule, begins_with=beginning)
    if options.no_augmentation:
        if not hasattr(recipe, "without_augmentation"):
            parser.error(f"--no-augmentation: {recipe.name} has no way to train without")
        recipe = recipe.without_augmentation()
    workspace = Workspace(
        options.runs, options.models, recipe.name, getattr(options, "limit", None)
    )
    for step in STEPS if options.verb == "all" else (options.verb,):
        print(f"== {step} {recipe.name}", file=sys.stderr)
        getattr(recipe, step)(options.data, workspace)
    return 0


def _render(options: argparse.Namespace) -> int:
    out, count, workers, data = options.out, options.count, options.workers, options.data
    facekit = options.facekit or data / "facekit"
    if options.profile is not None:
        from training.profiling.render import render_profiles  # noqa: PLC0415 - imports numba
        from training.profiling.series import ProfileSeries  # noqa: PLC0415 - imports numba

        turned = ProfileSeries(options.profile, options.seed, options.size, options.margin)
        render_profiles(turned, data, facekit, out, count, workers)
        return 0
    from training.synthetic.series import Series, write_renders  # noqa: PLC0415 - imports numba

    series = Series(options.seed, options.size, options.margin, backgrounds=options.backgrounds)
    write_renders(facekit, out, series, count, workers, data)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training", description="Make training faces; train and publish models."
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name, sentence in (STEPS | {"all": "all of these steps"}).items():
        verb = verbs.add_parser(name, help=sentence, description=sentence)
        _add_recipe_options(verb)
        if name in ("prepare", "all"):
            verb.add_argument(
                "--limit",
                type=_at_least(1),
                help="pictures of each set that are cut at most; for small runs",
            )
    _add_render_options(verbs)
    _add_results_options(verbs)
    return parser


def _add_recipe_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--recipe", required=True, help="which model, for instance landmarks-68")
    _add_data(parser)
    _add_folders(parser)
    parser.add_argument(
        "--epochs", type=_at_least(1), help="instead of the recipe's; for small runs"
    )
    parser.add_argument(
        "--steps",
        "--steps-per-epoch",
        dest="steps_per_epoch",
        type=_at_least(1),
        help="batches of an epoch, instead of the recipe's",
    )
    parser.add_argument("--learning-rate", type=float, help="the highest, instead of the recipe's")
    parser.add_argument(
        "--begin-with",
        metavar="NAME",
        help="the published model (of --models) whose weights the training begins with, to go on "
        "from it or to teach it your own faces; '' for random weights (default: the recipe's)",
    )
    parser.add_argument(
        "--no-augmentation",
        action="store_true",
        help="crops as they are, neither turned nor shrunk: mobilenetv2-conv and mobilenetv2-dense",
    )
    parser.add_argument("--threads", type=int, help="processor threads (default: all there are)")


def _add_render_options(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    sentence = "render faces with exact labels into shards (stops and goes on: run it again)"
    parser = verbs.add_parser("render", help=sentence, description=sentence)
    parser.add_argument("--count", type=_at_least(1), required=True, help="how many samples")
    parser.add_argument("--out", type=Path, required=True, help="folder for the shards")
    parser.add_argument(
        "--seed", type=_at_least(0), default=1, help="the same seed, the same samples"
    )
    parser.add_argument(
        "--facekit",
        type=Path,
        help="folder that holds the 3D head, ICT-FaceKit (default: facekit in that of --data)",
    )
    parser.add_argument(
        "--workers", type=_at_least(1), default=_cores(), help="processes (default: one per core)"
    )
    parser.add_argument(
        "--size", type=_at_least(32), default=160, help="pixels of a picture's side"
    )
    parser.add_argument(
        "--margin",
        type=_margin,
        default=1.5,
        help="side of a picture in sides of a network's crop, 1 or more",
    )
    photographs = parser.add_mutually_exclusive_group()
    photographs.add_argument(
        "--profile",
        metavar="SET",
        help="turn the heads of this labelled set instead; its terms then hold for the pictures",
    )
    photographs.add_argument(
        "--backgrounds",
        metavar="SET",
        help="photographs of this set behind the heads, for instance negatives; its terms then "
        "hold for the pictures (default: painted rooms, free for any use)",
    )
    _add_data(parser)
    # Every process draws on one core.
    parser.set_defaults(threads=1)


def _add_results_options(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    for name, sentence in {
        "results": "judge all published models side by side; writes docs/results.md",
        "zoo": "judge the earlier systems beside our own models; writes the numbers of docs/zoo.md",
    }.items():
        parser = verbs.add_parser(name, help=sentence, description=sentence)
        _add_data(parser)
        _add_folders(parser)
        parser.add_argument("--docs", type=Path, default=Path("docs"), help="folder for the page")
        parser.set_defaults(threads=1)  # of all timings, one thread is the one to compare


def _add_folders(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--runs", type=Path, default=Path("runs"), help="folder for everything in between"
    )
    parser.add_argument(
        "--models", type=Path, default=Path("models"), help="folder that the service reads"
    )


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", type=Path, default=Path("data"), help="folder that holds the data sets"
    )


def _at_least(least: int) -> Callable[[str], int]:
    def whole_number(text: str) -> int:
        number = int(text)
        if number < least:
            raise argparse.ArgumentTypeError(f"{text} is not {least} or more")
        return number

    return whole_number


def _margin(text: str) -> float:
    number = float(text)
    if not 1.0 <= number < math.inf:  # NaN is refused too
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return number


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _limit_threads(threads: int | None) -> None:
    """Must run before numpy's and tensorflow's libraries are loaded: they read these once."""
    if threads is not None:
        for name in (
            "OMP_NUM_THREADS",
            "OPENBLAS_NUM_THREADS",
            "TF_NUM_INTRAOP_THREADS",
            "TF_NUM_INTEROP_THREADS",
        ):
            os.environ[name] = str(threads)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


if __name__ == "__main__":
    sys.exit(main())
