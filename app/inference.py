"""A model folder, opened: its card, checked against its graph, and a session that runs it.

Knows tensors, providers and threads; what the numbers mean is known to detection and alignment.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from app.errors import ProviderError
from app.face.card import CardError, ModelCard, load_card, verify
from app.shape_policy import ShapePolicy

Device = Literal["auto", "cpu", "cuda"]
CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
_CUDA_OPTIONS = {
    # The numbers on the card hold on every device: TF32 would round products to 10 bits.
    "use_tf32": "0",
    # An exhaustive search would run again for each new image shape of the detector.
    "cudnn_conv_algo_search": "HEURISTIC",
    "arena_extend_strategy": "kSameAsRequested",
}
_STALE = "Export the model again and write its card anew."


class Model:
    """One model, ready to run. Made by `Model.open`; `run` is for one thread at a time.

    Attributes:
        card: what the folder says about itself, verified.
        provider: the execution provider really in use, for example CPUExecutionProvider.
        policy: the batch sizes that the session is fed.
    """

    def __init__(self, card: ModelCard, session: Any) -> None:
        self.card = card
        self.provider = str(session.get_providers()[0])
        self.policy = ShapePolicy(tuple(card.batch_sizes), pad=self.provider != CPU)
        self._session = session
        self._output_names = [output.name for output in card.outputs]

    @classmethod
    def open(cls, folder: Path, device: Device = "auto", threads: int = 1) -> Self:
        """Verify, load and warm up the model in `folder`.

        Args:
            folder: holds model.onnx and card.json.
            device: `cuda` fails where CUDA cannot be had; `auto` then takes the CPU.
            threads: of one run on the CPU, at least 1 (`app.threads.cpu_count`).

        Raises:
            CardError: the card is wrong, or speaks of another file or another graph.
            ProviderError: `cuda` was asked for and not obtained.
        """
        if threads < 1:
            raise ValueError(f"a session needs at least one thread. Received: {threads}")
        card = load_card(folder)
        verify(folder, card)
        session = _open_session(folder / card.file.name, device, threads)
        _check_graph(card, session)
        model = cls(card, session)
        model._warm_up()
        return model

    @property
    def max_batch(self) -> int:
        return self.policy.largest

    def run(self, batch: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        """Run (N, H, W, 3) uint8 RGB, any N of at least 1; each output by its name, N rows.

        More than the largest declared batch is run in pieces.

        Raises:
            ValueError: the batch does not fit the card's input.
        """
        self._check_input(batch)
        pieces: list[list[NDArray[np.float32]]] = []
        for run in self.policy.runs(len(batch)):
            piece = batch[run.start : run.start + run.count]
            if run.size > run.count:
                piece = np.concatenate(
                    [piece, np.zeros((run.size - run.count, *piece.shape[1:]), np.uint8)]
                )
            feed = {self.card.input.name: np.ascontiguousarray(piece)}
            outputs = self._session.run(self._output_names, feed)
            pieces.append([output[: run.count] for output in outputs])
        return {
            name: pieces[0][i] if len(pieces) == 1 else np.concatenate([p[i] for p in pieces])
            for i, name in enumerate(self._output_names)
        }

    def _check_input(self, batch: NDArray[np.uint8]) -> None:
        wanted = self.card.input
        fits = (
            batch.dtype == np.uint8
            and batch.ndim == 4
            and batch.shape[0] >= 1
            and batch.shape[3] == 3
            and _fits(batch.shape[1], wanted.height, wanted.multiple_of)
            and _fits(batch.shape[2], wanted.width, wanted.multiple_of)
        )
        if not fits:
            raise ValueError(
                f"{self.card.name} takes uint8 (N, {wanted.height}, {wanted.width}, 3), sides a "
                f"multiple of {wanted.multiple_of}. Received: {batch.dtype} {batch.shape}"
            )

    def _warm_up(self) -> None:
        """Meet each declared batch size once, and see that the outputs are what the card says."""
        wanted = self.card.input
        # A dynamic side is met at its largest, so that memory is asked for now and not later.
        side = wanted.long_side or wanted.multiple_of
        side = -(-side // wanted.multiple_of) * wanted.multiple_of
        for size in self.card.batch_sizes:
            shape = (size, wanted.height or side, wanted.width or side, 3)
            answers = self.run(np.zeros(shape, np.uint8))
            for output in self.card.outputs:
                expected = (size, *output.shape[1:])
                if not _agrees(expected, answers[output.name].shape):
                    raise CardError(
                        f"{self.card.name}: output {output.name} has shape "
                        f"{answers[output.name].shape} for a batch of {size}, its card says "
                        f"{expected}. {_STALE}"
                    )


def _open_session(path: Path, device: Device, threads: int) -> Any:
    built_in = ort.get_available_providers()
    if device == "cuda" and CUDA not in built_in:
        raise ProviderError(
            "device=cuda was asked for, but this onnxruntime is built without CUDA (it has "
            f"{', '.join(built_in)}). Install the GPU flavour (`pip install 'mien[gpu]'` into a "
            "fresh environment; the CPU and GPU builds exclude each other), or set "
            "MIEN_INFERENCE__DEVICE=cpu."
        )
    providers: list[Any] = [CPU]
    if device != "cpu" and CUDA in built_in:
        providers.insert(0, (CUDA, _CUDA_OPTIONS))
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Spinning threads burn the quota that decoding needs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = ort.InferenceSession(path, options, providers=providers)
    except Exception as error:
        if device == "cuda":
            raise _cuda_failed(str(error)) from error
        raise CardError(f"{path} cannot be loaded by onnxruntime: {error}. {_STALE}") from error
    # The list that was asked for proves nothing: onnxruntime falls back without an error.
    if device == "cuda" and session.get_providers()[0] != CUDA:
        raise _cuda_failed(f"the session runs on {session.get_providers()[0]}")
    return session


def _cuda_failed(reason: str) -> ProviderError:
    return ProviderError(
        f"device=cuda was asked for and not obtained: {reason}. Check that `nvidia-smi` shows a "
        "GPU (in a container: `--gpus all`) and that the CUDA and cuDNN libraries of this "
        f"onnxruntime ({ort.__version__}) are installed, or set MIEN_INFERENCE__DEVICE=cpu."
    )


def _check_graph(card: ModelCard, session: Any) -> None:
    """Names, types and shapes of the graph are those of the card; the batch axis is free."""
    wanted = card.input
    shape = ["batch", wanted.height or "height", wanted.width or "width", 3]
    expected = {wanted.name: ("tensor(uint8)", shape)}
    _check_side(card, "input", expected, session.get_inputs())
    outputs = {output.name: ("tensor(float)", output.shape) for output in card.outputs}
    _check_side(card, "output", outputs, session.get_outputs())


def _check_side(
    card: ModelCard,
    side: str,
    expected: dict[str, tuple[str, list[int | str]]],
    nodes: Sequence[Any],
) -> None:
    found = {node.name: node for node in nodes}
    if found.keys() != expected.keys():
        raise CardError(
            f"{card.name}: the graph has the {side}s {sorted(found)}, its card says "
            f"{sorted(expected)}. {_STALE}"
        )
    for name, (kind, shape) in expected.items():
        node = found[name]
        if node.type != kind:
            raise CardError(f"{card.name}: {side} {name} is {node.type} and not {kind}. {_STALE}")
        if isinstance(node.shape[0] if node.shape else 1, int):
            raise CardError(
                f"{card.name}: the batch axis of {side} {name} is fixed ({node.shape}). Export "
                "the model with a dynamic batch axis."
            )
        # An output's size may be left open by the graph; the warm-up then sees the real one.
        open_matches = side == "output"
        if not _agrees(shape, node.shape, open_matches=open_matches):
            raise CardError(
                f"{card.name}: {side} {name} has shape {node.shape}, its card says {shape}. "
                f"{_STALE}"
            )


def _agrees(expected: Sequence[Any], found: Sequence[Any], *, open_matches: bool = False) -> bool:
    """Whether shapes are the same; an axis the card names (a string) may have any size or none."""
    if len(expected) != len(found):
        return False
    for wanted, got in zip(expected, found, strict=True):
        if not isinstance(wanted, int):
            continue
        if wanted != got and not (open_matches and not isinstance(got, int)):
            return False
    return True


def _fits(size: int, fixed: int | None, multiple_of: int) -> bool:
    return size == fixed if fixed is not None else size > 0 and size % multiple_of == 0
