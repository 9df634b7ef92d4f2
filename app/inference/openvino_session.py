"""A session of the `openvino` package, with the interface of onnxruntime's.

Not onnxruntime-openvino: that wheel replaces the onnxruntime that is installed. OpenVINO compiles a
network for one shape of its input; for open shapes its code takes up to 1.5 times as long. So each
shape is compiled when it is first met, in some tenths of a second, and kept.
"""

import importlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from app.errors import ProviderError
from app.face.card import CardError
from app.inference.unobtained import STALE

MOST_SHAPES = 48
"""Compiled shapes that are kept: all 24 image shapes of a detector, upright and lying, fit."""


@dataclass(frozen=True, slots=True)
class Node:
    """An input or output, in onnxruntime's words. shape: None where it is open."""

    name: str
    type: str
    shape: list[int | None]


class OpenVinoSession:
    """One network on the CPU.

    Args:
        path: the ONNX file.
        threads: of one run.
        halves: compute in bf16; else exactly in fp32.
        cache: folder for what is compiled; None: compiled again at every start.

    Raises:
        ProviderError: there is no openvino, or this CPU has no bf16.
        CardError: the file cannot be read.
    """

    PROVIDER: ClassVar[str] = "OpenVINO"

    def __init__(self, path: Path, *, threads: int, halves: bool, cache: Path | None) -> None:
        openvino = _openvino()
        self._core = openvino.Core()
        # Without this OpenVINO computes in bf16 of its own accord where the CPU can.
        hint = "bf16" if halves else "f32"
        able = self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        if halves and "BF16" not in able:
            raise ProviderError(
                f"precision=bf16 was asked for, but this CPU cannot (it has {', '.join(able)}). "
                "Set MIEN_INFERENCE__PRECISION=fp32."
            )
        self._properties = {
            "INFERENCE_PRECISION_HINT": hint,
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            "PERFORMANCE_HINT": "LATENCY",
        }
        if cache is not None:
            self._properties["CACHE_DIR"] = str(cache)
        self._path = path
        self._network = self._read()
        self._requests: OrderedDict[tuple[int, ...], Any] = OrderedDict()

    def get_providers(self) -> Sequence[str]:
        return [self.PROVIDER]

    def get_inputs(self) -> Sequence[Node]:
        return [_node(port) for port in self._network.inputs]

    def get_outputs(self) -> Sequence[Node]:
        return [_node(port) for port in self._network.outputs]

    def run(
        self, output_names: Sequence[str], feed: dict[str, NDArray[np.uint8]]
    ) -> list[NDArray[np.float32]]:
        """One input; the outputs of these names."""
        ((name, batch),) = feed.items()
        request = self._requests.get(batch.shape)
        if request is None:
            request = self._compile(batch.shape)
            self._requests[batch.shape] = request
            if len(self._requests) > MOST_SHAPES:
                self._requests.popitem(last=False)
        self._requests.move_to_end(batch.shape)
        request.infer({name: batch}, share_inputs=True)
        # Copies: the tensors belong to the request, and its next run overwrites them.
        return [np.array(request.get_tensor(output).data) for output in output_names]

    def _read(self) -> Any:
        try:
            return self._core.read_model(self._path)
        except RuntimeError as error:
            raise CardError(
                f"{self._path} cannot be loaded by OpenVINO: {error}. {STALE}"
            ) from error

    def _compile(self, shape: tuple[int, ...]) -> Any:
        network = self._read()
        network.reshape(list(shape))
        return self._core.compile_model(network, "CPU", self._properties).create_infer_request()


def _openvino() -> Any:
    try:
        # By name, since it is there only for those who asked for it.
        return importlib.import_module("openvino")
    except ImportError as error:
        raise ProviderError(
            f"device=openvino was asked for, but the package cannot be loaded ({error}). Install "
            "it (`pip install 'mien[cpu,openvino]'`), or set MIEN_INFERENCE__DEVICE=cpu."
        ) from error


def _node(port: Any) -> Node:
    types = {"u8": "uint8", "f32": "float"}
    kind = port.element_type.get_type_name()
    shape = [side.get_length() if side.is_static else None for side in port.partial_shape]
    return Node(port.any_name, f"tensor({types.get(kind, kind)})", shape)
