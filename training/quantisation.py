"""int8 arithmetic for an exported file: static, per channel, but for the convolutions that suffer.

What a convolution computes in eight bits is coarse wherever a few large numbers, that all pictures
share, stand beside the small ones that tell them apart. So each is tried alone first, and those
that move the answers too far keep their floating-point numbers.
"""

import logging
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process
from tqdm import tqdm

from training.onnx_session import open_session
from training.parity import Outputs

Pictures = NDArray[np.uint8]
Distance = Callable[[Outputs, Outputs], float]
"""The answers of the int8 file and of the exact one for the same pictures -> how far apart."""

_FEW = 48  # pictures to try one convolution with


@dataclass(frozen=True, slots=True)
class Quantised:
    """distance: of the file's answers. kept: names of the convolutions left in floating point."""

    path: Path
    distance: float
    kept: tuple[str, ...]
    convolutions: int


def quantise(
    exact: Path,
    out: Path,
    pictures: Pictures,
    *,
    distance: Distance,
    most: float,
    most_each: float,
    keep_first: bool = False,
) -> Quantised:
    """Writes the file at `exact` with int8 convolutions to `out`.

    pictures: (N, H, W, 3), of the training; ranges are those seen there. most_each: how far one
    convolution alone may move the answers; most: all of them. The worst are kept until that holds,
    and with keep_first the first one. RuntimeError when it does not hold with any.
    """
    with tempfile.TemporaryDirectory(dir=out.parent) as folder:
        plain = Path(folder) / "plain.onnx"
        quant_pre_process(str(exact), str(plain), skip_symbolic_shape=True)
        names = [node.name for node in onnx.load(plain).graph.node if node.op_type == "Conv"]
        few, wanted_of_few = pictures[:_FEW], _run(exact, pictures[:_FEW])
        trial = Path(folder) / "trial.onnx"
        alone = {}
        for name in tqdm(names, desc="int8, each convolution alone"):
            _write(plain, trial, few, [other for other in names if other != name])
            alone[name] = distance(_run(trial, few), wanted_of_few)
        if keep_first:
            alone[names[0]] = np.inf
        worst_first = sorted(names, key=lambda name: -alone[name])
        kept = [name for name in worst_first if not alone[name] <= most_each]
        wanted = _run(exact, pictures)
        while len(kept) < len(names):
            _write(plain, trial, pictures, kept)
            moved = distance(_run(trial, pictures), wanted)
            if moved <= most:
                trial.replace(out)
                return Quantised(out, moved, tuple(kept), len(names))
            kept.append(worst_first[len(kept)])
    raise RuntimeError(f"{exact} cannot be computed in int8 within {most}: {alone}")


class _Calibration(CalibrationDataReader):
    def __init__(self, name: str, pictures: Pictures) -> None:
        feeds = [{name: one[None]} for one in pictures]
        self._feeds: Iterator[Mapping[str, Pictures]] = iter(feeds)

    def get_next(self) -> Any:
        return next(self._feeds, None)


def _write(plain: Path, out: Path, pictures: Pictures, kept: Sequence[str]) -> None:
    source = onnx.load(plain).graph.input[0].name
    logging.disable(logging.WARNING)  # one line for each of the kept convolutions
    try:
        quantize_static(
            str(plain),
            str(out),
            _Calibration(source, pictures),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv"],
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=list(kept),
            calibrate_method=CalibrationMethod.MinMax,
        )
    finally:
        logging.disable(logging.NOTSET)


def _run(path: Path, pictures: Pictures) -> Outputs:
    session, _ = open_session(path)
    (source,) = session.get_inputs()
    names = [output.name for output in session.get_outputs()]
    parts = [
        session.run(names, {source.name: pictures[start : start + 32]})
        for start in range(0, len(pictures), 32)
    ]
    columns = zip(*parts, strict=True)
    return {name: np.concatenate(rows) for name, rows in zip(names, columns, strict=True)}
