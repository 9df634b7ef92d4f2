"""How long one crop takes, beside a reference network in the same run.

Milliseconds depend on the processor and on what else it does; the ratio to a network that everybody
knows, timed in turn with ours, much less.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import onnxruntime

from training.export import export_onnx

REFERENCE = "MobileNetV2-0.5, 128 px"
_SIDE = 128
_WARM_UP = 10


@dataclass(frozen=True, slots=True)
class Timing:
    """milliseconds: of one crop, one thread; ratio: to the reference, by the median round."""

    name: str
    milliseconds: float
    ratio: float


def time_beside_reference(
    files: Mapping[str, Path], folder: Path, *, rounds: int = 25, runs: int = 20
) -> list[Timing]:
    """files: models of one crop by name; folder: where the reference network may be written."""
    reference = reference_file(folder / "mobilenet-v2-half.onnx")
    return time_files({REFERENCE: reference, **files}, REFERENCE, rounds=rounds, runs=runs)


def reference_file(path: Path) -> Path:
    """MobileNetV2 of half width without its classifier, random weights, as an ONNX file."""
    import keras  # noqa: PLC0415 - heavy, and only this needs it

    network = keras.applications.MobileNetV2(
        (_SIDE, _SIDE, 3), alpha=0.5, include_top=False, weights=None, pooling="avg"
    )
    crops = np.random.default_rng(0).integers(0, 256, (8, _SIDE, _SIDE, 3), dtype=np.uint8)
    # Random weights blow up over the layers: how exactly they are computed does not matter here.
    export_onnx(
        network, path, crops, input_name="crops", output_names=["features"], tolerance=np.inf
    )
    return path


def time_files(
    files: Mapping[str, Path],
    reference: str,
    *,
    rounds: int,
    runs: int,
    sides: tuple[int, int] = (_SIDE, _SIDE),
) -> list[Timing]:
    """Each round runs every file in turn, so that all meet the same neighbours on the machine.

    sides: height and width for files that leave them open.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    rng = np.random.default_rng(0)
    ready = {}
    for name, path in files.items():
        session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        (source,) = session.get_inputs()
        fixed = zip(source.shape[1:3], sides, strict=True)
        shape = [side if isinstance(side, int) else open_side for side, open_side in fixed]
        crop = rng.integers(0, 256, (1, *shape, 3), dtype=np.uint8)
        ready[name] = session, {source.name: crop}
        for _ in range(_WARM_UP):
            session.run(None, ready[name][1])
    seconds: dict[str, list[float]] = {name: [] for name in files}
    for _ in range(rounds):
        for name, (session, feed) in ready.items():
            start = perf_counter()
            for _ in range(runs):
                session.run(None, feed)
            seconds[name].append((perf_counter() - start) / runs)
    return [
        Timing(
            name,
            1000 * median(taken),
            median(one / other for one, other in zip(taken, seconds[reference], strict=True)),
        )
        for name, taken in seconds.items()
    ]
