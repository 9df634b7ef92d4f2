"""Keras network -> ONNX file that takes uint8 pictures and says clearly what goes in and out.

Keras' own `model.export(format="onnx")` calls tf2onnx with a signature of its making: it wants the
model called before, keeps the training dtype of the input and leaves generated names. Here tf2onnx
is called with our signature, so the served input is uint8 whatever dtype the network was trained
with.
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.onnx_graph import GraphFacts, describe, tidy
from training.parity import BATCHES, TOLERANCE, Arrange, Outputs, ParityReport, check_parity

OPSET = 18


@dataclass(frozen=True, slots=True)
class Export:
    """A published file: where it is, its signature, and how far it is from the network."""

    path: Path
    graph: GraphFacts
    parity: ParityReport


def export_onnx(
    model: Any,
    path: Path,
    samples: NDArray[np.uint8],
    *,
    input_name: str,
    output_names: Sequence[str],
    spatial_axes: Sequence[str] = ("height", "width"),
    output_axes: Sequence[str] = ("batch",),
    opset: int = OPSET,
    batches: Sequence[int] = BATCHES,
    tolerance: float = TOLERANCE,
    scales: Mapping[str, float] | None = None,
    arrange: Arrange | None = None,
) -> Export:
    """Write `model` to `path`, checked against the network on `samples`; not if it differs.

    model: Keras model with one image input (H, W, 3) of any dtype, 0..255, and outputs in a dict by
    name, or in a list in the order of `output_names`, or one alone. samples: (N, H, W, 3) uint8
    pictures, N at least the largest batch. spatial_axes: names for H and W where the network leaves
    them open. output_axes: names for the dynamic axes of the outputs in order. scales, tolerance,
    batches, arrange: see training.parity. Raises ParityError, or RuntimeError on another back end
    than TensorFlow.
    """
    network = _network(model, output_names)
    height, width = (int(side) if side else None for side in model.inputs[0].shape[1:3])
    open_axes = [
        name for name, side in zip(spatial_axes, (height, width), strict=True) if side is None
    ]
    proto = _convert(network, input_name, (height, width), opset)
    tidy(
        proto,
        input_axes=("batch", *open_axes),
        output_names=output_names,
        output_axes=output_axes,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        draft = Path(folder) / path.name
        draft.write_bytes(proto.SerializeToString(deterministic=True))
        parity = check_parity(
            draft,
            lambda batch: _predict(network, batch),
            samples,
            batches=batches,
            tolerance=tolerance,
            scales=scales,
            arrange=arrange,
        )
        draft.replace(path)
    return Export(path, describe(path), parity)


def _network(model: Any, output_names: Sequence[str]) -> Any:
    """The model as a function of uint8 pictures to a dict of outputs under their served names."""
    import keras  # noqa: PLC0415  (heavy, and only an export needs it)
    import tensorflow as tf  # noqa: PLC0415

    if keras.backend.backend() != "tensorflow":
        raise RuntimeError(
            f"export needs Keras on TensorFlow, not on {keras.backend.backend()}:"
            " start again with KERAS_BACKEND=tensorflow and load the weights"
        )
    dtype = model.inputs[0].dtype

    def network(images: Any) -> dict[str, Any]:
        outputs = model(tf.cast(images, dtype), training=False)
        if not isinstance(outputs, dict):
            row = list(outputs) if isinstance(outputs, list | tuple) else [outputs]
            outputs = dict(zip(output_names, row, strict=True))
        if missing := set(output_names) - set(outputs):
            raise ValueError(f"the network has no {sorted(missing)}; it has {sorted(outputs)}")
        return {name: tf.identity(outputs[name], name=name) for name in output_names}

    return network


def _convert(
    network: Any, input_name: str, sides: tuple[int | None, int | None], opset: int
) -> Any:
    import tensorflow as tf  # noqa: PLC0415
    import tf2onnx  # noqa: PLC0415

    signature = [tf.TensorSpec((None, *sides, 3), tf.uint8, name=input_name)]
    traced = tf.function(network, input_signature=signature)
    proto, _ = tf2onnx.convert.from_function(traced, input_signature=signature, opset=opset)
    return proto


def _predict(network: Any, images: NDArray[np.uint8]) -> Outputs:
    return {name: np.asarray(value) for name, value in network(images).items()}
