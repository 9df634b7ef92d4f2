"""Does the exported file compute what the network computes? Checked before it is published."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

Outputs = Mapping[str, NDArray[np.float32]]
Reference = Callable[[NDArray[np.uint8]], Outputs]
Arrange = Callable[[Outputs, Outputs], Outputs]
"""The answers wanted and given -> those given in the order of those wanted."""

BATCHES = (1, 3, 8)
TOLERANCE = 1e-4


class ParityError(RuntimeError):
    """The exported file differs from the network, or from itself at another batch size."""


@dataclass(frozen=True, slots=True)
class ParityReport:
    """Largest absolute difference of any output, after division by that output's scale."""

    max_abs_difference: float
    samples: int
    batches: tuple[int, ...]
    by_output: Mapping[str, float]


def check_parity(
    path: Path,
    reference: Reference,
    samples: NDArray[np.uint8],
    *,
    batches: Sequence[int] = BATCHES,
    tolerance: float = TOLERANCE,
    scales: Mapping[str, float] | None = None,
    arrange: Arrange | None = None,
) -> ParityReport:
    """Compare the file with the network on every sample, at every batch size.

    samples: (N, H, W, 3) uint8, pictures as the model meets them. reference: the network, a batch
    in and its outputs by name. scales: what to divide an output's differences by (a detector's
    pixels by the image side), so that one tolerance in unit coordinates holds for all. arrange: for
    networks that sort their answer, where rounding decides between equals. Raises
    ParityError with the numbers when the file leaves the network by more than the tolerance, or
    when its answer for an image depends on the images beside it.
    """
    if len(samples) < max(batches):
        raise ValueError(f"{len(samples)} samples cannot fill a batch of {max(batches)}")
    session = _session(path)
    units = scales or {}
    singles = _run(session, samples, 1)
    by_output: dict[str, float] = {}
    problems: list[str] = []
    for batch in batches:
        served = singles if batch == 1 else _run(session, samples, batch)
        expected = _in_batches(reference, samples, batch)
        for wanted, what in ((expected, "the network"), (singles, "batch 1")):
            arranged = arrange(wanted, served) if arrange else served
            for name, values in arranged.items():
                difference = _difference(values, wanted[name]) / units.get(name, 1.0)
                by_output[name] = max(by_output.get(name, 0.0), difference)
                if not difference <= tolerance:
                    problems.append(f"{name} at batch {batch} is {difference:.2e} from {what}")
    if problems:
        raise ParityError(f"{path.name}: {'; '.join(problems)} (allowed {tolerance:.0e})")
    return ParityReport(max(by_output.values()), len(samples), tuple(batches), by_output)


def _session(path: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def _run(
    session: onnxruntime.InferenceSession, samples: NDArray[np.uint8], batch: int
) -> dict[str, NDArray[np.float32]]:
    names = [output.name for output in session.get_outputs()]
    feed = session.get_inputs()[0].name

    def run(chunk: NDArray[np.uint8]) -> Outputs:
        return dict(zip(names, session.run(names, {feed: chunk}), strict=True))

    return _in_batches(run, samples, batch)


def _in_batches(
    run: Reference, samples: NDArray[np.uint8], batch: int
) -> dict[str, NDArray[np.float32]]:
    parts = [run(samples[start : start + batch]) for start in range(0, len(samples), batch)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _difference(values: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    if values.shape != other.shape:
        raise ParityError(f"shapes differ: {values.shape} and {other.shape}")
    # NaN must fail the comparison with the tolerance, so it is not skipped here.
    return float(np.abs(values.astype(np.float64) - other).max())
