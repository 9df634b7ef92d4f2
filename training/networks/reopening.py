"""A published ONNX file put back into the Keras network that it was exported from, so that training
can go on where no checkpoint was kept.

An exported file has its batch normalisations folded into the convolutions. Here each gets back what
a normalisation needs: mean and variance of what it sees are measured on pictures, and its scale and
shift are chosen so that the network answers as the file does.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
from keras import layers
from numpy.typing import NDArray
from onnx import numpy_helper

from training.networks.bins import LogitPrior
from training.networks.layers import PixelConvolution
from training.networks.point_layers import PointReadOut
from training.networks.trunk import trunk_of

Floats = NDArray[np.float32]

# "face_1/conv2d_7_1/convolution/...": the layer's name, and the number of the call that tf2onnx
# adds.
_SCOPE = re.compile(r"^[^/]+/(?P<layer>[a-z0-9_]+?)(_\d+)?/")
_BATCH, _LEAST_VARIANCE = 16, 1e-6
_NUMBER = re.compile(r"^(?P<kind>.*?)(_(?P<number>\d+))?$")


@dataclass(frozen=True, slots=True)
class Folded:
    """Kernel as Keras stores it, a factor for each output, and what is added in the end."""

    kernel: Floats
    factor: Floats
    shift: Floats


def reopen(path: Path, network: keras.Model, pictures: NDArray[np.uint8]) -> None:
    """Gives `network` the weights of the file at `path`, exported from such a network.

    pictures: (N, H, W, 3), a few dozen like those of the training. Behind a trunk, what the file
    lacks or has in another shape begins anew. ValueError when the other layers differ.
    """
    graph = onnx.load(path).graph
    weights = {entry.name: numpy_helper.to_array(entry) for entry in graph.initializer}
    found = _by_kind(_folded_layers(graph, weights))
    own = _by_kind({layer.name: layer for layer in network.layers if _has_kernel(layer)})
    normalised, filled = {}, set()
    for kind, some in own.items():
        for layer, folded in zip(some, found.get(kind, []), strict=False):
            kernel = _kernel(layer, folded)
            if kernel.shape != tuple(layer.kernel.shape):
                break
            filled.add(layer.name)
            layer.kernel.assign(kernel)
            normalisation = _normalisation_of(layer, network)
            if normalisation is not None:
                normalised[normalisation.name] = folded.shift
            elif layer.use_bias:
                layer.bias.assign(folded.shift)
    if missing := _needed(network) - filled:
        names = ", ".join(sorted(missing)[:3])
        raise ValueError(f"{path} is of another network than {network.name}: without its {names}")
    for layer in network.layers:
        if isinstance(layer, LogitPrior | PointReadOut):
            _give_own_weights(layer, weights)
    _refill_statistics(network, normalised, pictures)


def _needed(network: keras.Model) -> set[str]:
    """Names of the layers that the file must hold: those of the trunk, or of a network without one
    all.
    """
    needed = trunk_of(network) or network
    return {layer.name for layer in needed.layers if _has_kernel(layer)}


def _has_kernel(layer: keras.Layer) -> bool:
    return isinstance(layer, layers.Conv2D | layers.DepthwiseConv2D | layers.Dense)


def _folded_layers(graph: Any, weights: Mapping[str, NDArray[Any]]) -> dict[str, Folded]:
    """By name of the Keras layer."""
    users = {name: node for node in graph.node for name in node.input}
    found = {}
    for node in graph.node:
        name = _layer_name(node, weights)
        if name is not None:
            found[name] = _folded(node, users, weights)
    return found


def _folded(node: Any, users: Mapping[str, Any], weights: Mapping[str, NDArray[Any]]) -> Folded:
    kernel, *bias = [weights[name] for name in node.input if name in weights]
    width = int(kernel.shape[0] if kernel.ndim == 4 else kernel.shape[1])
    factor = np.ones(width, np.float32)
    shift = bias[0].astype(np.float32) if bias else np.zeros(width, np.float32)
    # Behind depthwise convolutions the factor and the shift stand in the graph as they are.
    after = None if bias else users.get(node.output[0])
    while after is not None and after.op_type in ("Mul", "Add"):
        constant = next((weights[name] for name in after.input if name in weights), None)
        if constant is None or constant.size != width:
            break
        if after.op_type == "Add":
            shift = constant.ravel()
            break
        factor = factor * constant.ravel()
        after = users.get(after.output[0])
    return Folded(_as_keras_stores_it(kernel), factor, shift)


def _layer_name(node: Any, weights: Mapping[str, NDArray[Any]]) -> str | None:
    """None for whatever holds no weights of a layer."""
    kernel = next((name for name in node.input if name in weights), None)
    if node.op_type not in ("Conv", "MatMul") or kernel is None:
        return None
    for name in (kernel, node.name):
        match = _SCOPE.match(name)
        is_kernel = any(part in name for part in ("/convolution", "/depthwise", "/Cast/Read"))
        if match and (is_kernel or name.endswith("/Mul:0")):
            return match["layer"]
    return None


def _as_keras_stores_it(kernel: NDArray[Any]) -> Floats:
    """(out, in, h, w) -> (h, w, in, out)."""
    return kernel.transpose(2, 3, 1, 0) if kernel.ndim == 4 else kernel


def _by_kind(named: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Layers without names of their own are counted through ("conv2d", "conv2d_1"), from wherever
    the process stood: their order is what files and networks share.
    """
    kinds: dict[str, list[tuple[int, Any]]] = {}
    for name, value in named.items():
        kind, number = _kind_of(name)
        kinds.setdefault(kind, []).append((number, value))
    return {k: [v for _, v in sorted(some, key=lambda p: p[0])] for k, some in kinds.items()}


def _kind_of(name: str) -> tuple[str, int]:
    """ "conv2d_7" -> "conv2d", 7."""
    match = _NUMBER.match(name)
    assert match is not None  # every name ends somewhere
    return match["kind"], int(match["number"] or 0)


def _normalisation_of(layer: keras.Layer, network: keras.Model) -> layers.BatchNormalization | None:
    for other in network.layers:
        if isinstance(other, layers.BatchNormalization) and other.input is layer.output:
            return other
    return None


def _kernel(layer: keras.Layer, folded: Folded) -> NDArray[Any]:
    """As the layer stores it."""
    if isinstance(layer, layers.DepthwiseConv2D):
        return (folded.kernel[:, :, 0] * folded.factor)[..., None]
    kernel = folded.kernel * folded.factor
    return kernel * 255 if isinstance(layer, PixelConvolution) else kernel


def _give_own_weights(layer: keras.Layer, weights: Mapping[str, NDArray[Any]]) -> None:
    """Of layers with weights of a kind of their own: those of its name and shape, if there are
    any.
    """
    name = _kind_of(layer.name)[0]
    for weight in layer.weights:
        for stored, value in weights.items():
            if f"/{name}_" in stored and value.shape == tuple(weight.shape):
                weight.assign(value)


def _refill_statistics(
    network: keras.Model, shifts: Mapping[str, Floats], pictures: NDArray[np.uint8]
) -> None:
    """shifts: what each normalisation, by name, is to add once it neither scales nor centres."""
    some = [network.get_layer(name) for name in shifts]
    for layer in some:
        width = layer.beta.shape
        layer.gamma.assign(np.full(width, np.sqrt(1.0 + layer.epsilon), np.float32))
        layer.beta.assign(shifts[layer.name])
        layer.moving_mean.assign(np.zeros(width, np.float32))
        layer.moving_variance.assign(np.ones(width, np.float32))
    # Each of them passes its input on as the file does; so all can be measured in one pass.
    seen = keras.Model(network.input, [layer.input for layer in some])
    for layer, (mean, variance) in zip(some, _moments(seen, pictures), strict=True):
        layer.moving_mean.assign(mean)
        layer.moving_variance.assign(variance)
        layer.gamma.assign(np.sqrt(variance + layer.epsilon))
        layer.beta.assign(shifts[layer.name] + mean)


def _moments(
    maps: keras.Model, pictures: NDArray[np.uint8]
) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Mean and variance of each channel of each of the model's outputs."""
    totals = [np.zeros((2, output.shape[-1])) for output in maps.outputs]
    for start in range(0, len(pictures), _BATCH):
        batch = pictures[start : start + _BATCH]
        for total, output in zip(totals, maps(batch, training=False), strict=True):
            values = np.asarray(output, np.float64)
            total[0] += len(batch) * values.mean(axis=(0, 1, 2))
            total[1] += len(batch) * np.square(values).mean(axis=(0, 1, 2))
    means = [total / len(pictures) for total in totals]
    return [(mean, np.maximum(square - mean**2, _LEAST_VARIANCE)) for mean, square in means]
