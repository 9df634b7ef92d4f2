"""The graphs of the tiny stand-in models; `tests.tiny_models` says what they answer."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 18
IR_VERSION = 10
COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (255, 0, 0),
    "green": (0, 255, 0),
    "blue": (0, 0, 255),
    "white": (255, 255, 255),
}
CONFIDENCES: dict[str, float] = {"red": 0.99, "green": 0.95, "blue": 0.9, "white": 0.85}
FIVE_POINTS = ((0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8))
BASE_STD = 0.01


class Graph:
    """Collects nodes; `op` returns the name of the first output so that calls nest."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, value: Any, dtype: Any = np.float32) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def op(self, kind: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        name = output or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def save(self, path: Path, inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
        graph = helper.make_graph(self.nodes, path.parent.name, inputs, outputs, self.constants)
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
        )
        onnx.checker.check_model(model)
        path.write_bytes(model.SerializeToString())


def _extent(g: Graph, mask: str, over: int) -> tuple[str, str]:
    """First and last index, (batch, 4) float, where the (batch, height, width, 4) mask is set.

    `over` is the axis that is reduced away; the index runs along the other one. Both are 0 where
    nothing is set.
    """
    profile = g.op("ReduceMax", mask, g.constant([over], np.int64), keepdims=0)
    length = g.op("Squeeze", g.op("Shape", profile, start=1, end=2), g.constant([0], np.int64))
    zero, one = g.constant(0, np.int64), g.constant(1, np.int64)
    index = g.op("Cast", g.op("Range", zero, length, one), to=TensorProto.FLOAT)
    index = g.op("Unsqueeze", index, g.constant([0, 2], np.int64))
    size = g.op("Cast", length, to=TensorProto.FLOAT)
    axis = g.constant([1], np.int64)
    last = g.op("ReduceMax", g.op("Mul", profile, index), axis, keepdims=0)
    from_end = g.op("ReduceMax", g.op("Mul", profile, g.op("Sub", size, index)), axis, keepdims=0)
    found = g.op("ReduceMax", profile, axis, keepdims=0)
    return g.op("Mul", found, g.op("Sub", size, from_end)), last


def detector_graph() -> Graph:
    g = Graph()
    pixels = g.op("Cast", "images", to=TensorProto.FLOAT)
    # Distance of each pixel to each of the four colours: 0 for the pure colour.
    wide = g.op("Unsqueeze", pixels, g.constant([3], np.int64))
    palette = g.constant(np.array(list(COLOURS.values())))
    furthest = g.op(
        "ReduceMax", g.op("Abs", g.op("Sub", wide, palette)), g.constant([4], np.int64), keepdims=0
    )
    mask = g.op("Cast", g.op("Less", furthest, g.constant(100.0)), to=TensorProto.FLOAT)
    x0, x1 = _extent(g, mask, over=1)
    y0, y1 = _extent(g, mask, over=2)
    found = g.op("ReduceMax", mask, g.constant([1, 2], np.int64), keepdims=0)
    half = g.constant(0.5)
    left, top = g.op("Sub", x0, half), g.op("Sub", y0, half)
    width = g.op("Mul", found, g.op("Sub", g.op("Add", x1, half), left))
    height = g.op("Mul", found, g.op("Sub", g.op("Add", y1, half), top))

    last_axis = g.constant([-1], np.int64)
    columns = [g.op("Unsqueeze", name, last_axis) for name in (left, top, width, height)]
    best = g.op("Concat", *columns, axis=-1)
    shift = g.op("Mul", g.op("Gather", best, g.constant([2], np.int64), axis=2), g.constant(0.1))
    worse = g.op("Add", best, g.op("Mul", shift, g.constant([1.0, 0.0, 0.0, 0.0])))
    boxes = g.op("Concat", best, worse, axis=1, output="boxes")
    confidences = np.array(list(CONFIDENCES.values()))
    scores = [
        g.op("Mul", found, g.constant(confidences)),
        g.op("Mul", found, g.constant(confidences - 0.2)),
    ]
    g.op("Concat", *scores, axis=1, output="scores")
    corner = g.op("Gather", boxes, g.constant([0, 1], np.int64), axis=2)
    size = g.op("Gather", boxes, g.constant([2, 3], np.int64), axis=2)
    middle = g.constant([2], np.int64)
    offset = g.op("Mul", g.op("Unsqueeze", size, middle), g.constant(FIVE_POINTS))
    g.op("Add", g.op("Unsqueeze", corner, middle), offset, output="points")
    return g


def landmark_graph(template: NDArray[np.float32]) -> Graph:
    g = Graph()
    pixels = g.op("Cast", "crops", to=TensorProto.FLOAT)
    mean = g.op("ReduceMean", pixels, g.constant([1, 2, 3], np.int64), keepdims=0)
    mean = g.op("Unsqueeze", mean, g.constant([1], np.int64))
    brightness = g.op("Div", mean, g.constant(255.0))
    scale = g.op("Mul", g.op("Add", brightness, g.constant(1.0)), g.constant(BASE_STD))
    g.op("Mul", scale, g.constant(np.ones((1, len(template)))), output="std")
    nothing = g.op("Unsqueeze", g.op("Mul", mean, g.constant(0.0)), g.constant([2], np.int64))
    g.op("Add", nothing, g.constant(template[None]), output="points")
    return g


def face_graph(template: NDArray[np.float32], head: Mapping[str, Any]) -> Graph:
    """As `landmark_graph`; each output of `head` is the same for every crop."""
    g = landmark_graph(template)
    pixels = g.op("Cast", "crops", to=TensorProto.FLOAT)
    mean = g.op("ReduceMean", pixels, g.constant([1, 2, 3], np.int64), keepdims=0)
    nothing = g.op("Mul", mean, g.constant(0.0))
    for name, value in head.items():
        sides = np.ndim(value)
        spread = nothing
        if sides:
            axes = g.constant(np.arange(1, 1 + sides), np.int64)
            spread = g.op("Unsqueeze", nothing, axes)
        g.op("Add", spread, g.constant(np.asarray(value)[None]), output=name)
    return g
