"""A session on a GPU whose memory is set aside once for each shape, and then only reused."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

MOST_SHAPES = 128
"""Shapes whose buffers are kept: 4 batch sizes times the 24 image shapes of a detector fit."""


@dataclass(frozen=True, slots=True)
class _Buffers:
    """For one shape of the input: where it goes, where the outputs come out, and who knows it."""

    source: Any
    outputs: list[Any]
    binding: Any


class BoundSession:
    """Wraps an `onnxruntime.InferenceSession`: the same `run`, by IO binding.

    The input is copied into a buffer on the device that was there before, the outputs are computed
    into others, and only they are copied back: no run allocates, so memory stays flat and the
    device need not wait for an allocator. The sizes of the outputs must follow from the input's.
    """

    def __init__(
        self, session: Any, device: str = "cuda", *, most_shapes: int = MOST_SHAPES
    ) -> None:
        self._session = session
        self._device = device
        self._most_shapes = most_shapes
        self._buffers: OrderedDict[tuple[int, ...], _Buffers] = OrderedDict()

    def get_providers(self) -> Sequence[str]:
        return list(self._session.get_providers())

    def get_inputs(self) -> Sequence[Any]:
        return list(self._session.get_inputs())

    def get_outputs(self) -> Sequence[Any]:
        return list(self._session.get_outputs())

    def run(
        self, output_names: Sequence[str], feed: dict[str, NDArray[np.uint8]]
    ) -> list[NDArray[np.float32]]:
        """One input; the outputs of these names, which are the same in all calls."""
        ((name, batch),) = feed.items()
        buffers = self._buffers.get(batch.shape)
        if buffers is None:
            # The plain run tells the outputs' shapes, and is the answer to this call as well.
            answers = [np.asarray(answer) for answer in self._session.run(output_names, feed)]
            self._buffers[batch.shape] = self._set_aside(name, batch, output_names, answers)
            if len(self._buffers) > self._most_shapes:
                self._buffers.popitem(last=False)
            return answers
        self._buffers.move_to_end(batch.shape)
        buffers.source.update_inplace(batch)
        self._session.run_with_iobinding(buffers.binding)
        # A copy: on some devices numpy() is a view of the buffer that the next run overwrites.
        return [np.array(output.numpy()) for output in buffers.outputs]

    def _set_aside(
        self,
        name: str,
        batch: NDArray[np.uint8],
        output_names: Sequence[str],
        answers: Sequence[NDArray[Any]],
    ) -> _Buffers:
        def buffer(like: NDArray[Any]) -> Any:
            return ort.OrtValue.ortvalue_from_shape_and_type(
                like.shape, like.dtype.type, self._device, 0
            )

        binding = self._session.io_binding()
        source, outputs = buffer(batch), [buffer(answer) for answer in answers]
        binding.bind_ortvalue_input(name, source)
        for output_name, output in zip(output_names, outputs, strict=True):
            binding.bind_ortvalue_output(output_name, output)
        return _Buffers(source, outputs, binding)
