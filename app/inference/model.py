"""A model folder, opened: its card, checked against its graph, and a session that runs it.

What a device name means is in `app.inference.providers`, which file a precision takes in
`app.inference.precision`; what the numbers mean is known to detection and alignment.
"""

from dataclasses import replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from app.face.card import CardError, ModelCard, ModelInput, load_card, verify
from app.inference.graph_checks import check_answers, check_batch, check_graph
from app.inference.precision import Choice, Precision, choose
from app.inference.provider_options import ProviderSettings
from app.inference.providers import (
    CPU,
    CUDA,
    OPENVINO,
    Arithmetic,
    Device,
    Session,
    SessionRequest,
    after_failed_run,
    fill_for,
    open_session,
)
from app.inference.shape_policy import ShapePolicy

__all__ = ["CPU", "CUDA", "Device", "Model", "Precision", "ProviderSettings"]

COMMON_SIDES = ((4, 3), (3, 2), (16, 9), (1, 1))
"""Of pictures. What is compiled for each shape compiles these before the service is ready."""


class Model:
    """One model, ready to run. Made by `Model.open`; `run` is for one thread at a time.

    Attributes:
        card: what the folder says about itself, verified.
        provider: the execution provider really in use, for example CPUExecutionProvider.
        precision: of its arithmetic.
        sha256: of the file that runs.
        policy: the batch sizes that the session is fed.
    """

    def __init__(
        self,
        card: ModelCard,
        session: Session,
        choice: Choice | None = None,
        batch_sizes: tuple[int, ...] | None = None,
    ) -> None:
        choice = choice or Choice("fp32", card.file)
        self.card = card
        self.provider = str(session.get_providers()[0])
        self.precision: Arithmetic = choice.arithmetic
        self.sha256 = choice.file.sha256
        self.policy = _policy(card, self.provider, batch_sizes)
        self._session = session
        self._output_names = [output.name for output in card.outputs]

    @classmethod
    def open(
        cls,
        folder: Path,
        device: Device = "auto",
        threads: int = 1,
        *,
        precision: Precision = "fp32",
        settings: ProviderSettings | None = None,
        warm: bool = True,
    ) -> Self:
        """Verify, load and warm up the model in `folder`.

        Args:
            folder: holds card.json and the files that it names.
            device: one that is named fails where it cannot be had; see `app.inference.providers`.
            threads: of one run on the CPU, at least 1 (`app.threads.cpu_count`).
            precision: see `app.inference.precision.choose`.
            settings: of accelerators.
            warm: whether to warm up now; `warm_up` does it later. What is only compared with needs
                none of the memory that the largest batch takes.

        Raises:
            CardError: the card is wrong, or speaks of another file or another graph, or that
                cannot be run.
            ProviderError: what was asked for by name is not obtained, or fails at its first run.
        """
        if threads < 1:
            raise ValueError(f"a session needs at least one thread. Received: {threads}")
        settings = settings or ProviderSettings()
        card = load_card(folder)
        choice = choose(card, precision, device)
        verify(folder, card, choice.file)
        sizes = settings.batch_sizes or tuple(card.batch_sizes)
        request = SessionRequest(
            folder / choice.file.name,
            card.input,
            sizes,
            device,
            threads,
            choice.arithmetic,
            settings,
        )
        model = cls._of(request, card, choice, settings)
        if warm:
            try:
                model.warm_up()
            except CardError:
                raise
            except Exception as error:
                other = after_failed_run(request, model.provider, error)
                model = cls._of(other, card, choice, settings)
                model.warm_up()
        return model

    @classmethod
    def _of(
        cls, request: SessionRequest, card: ModelCard, choice: Choice, settings: ProviderSettings
    ) -> Self:
        session = open_session(request)
        check_graph(card, session)
        return cls(card, session, choice, settings.batch_sizes)

    @property
    def max_batch(self) -> int:
        return self.policy.largest

    @property
    def on_cpu(self) -> bool:
        """Whether it computes on the CPU, where padding costs what it weighs."""
        return self.provider in (CPU, OPENVINO)

    def run(self, batch: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        """Run (N, H, W, 3) uint8 RGB, any N of at least 1; each output by its name, N rows.

        More than the largest declared batch is run in pieces.

        Raises:
            ValueError: the batch does not fit the card's input.
        """
        check_batch(self.card, batch)
        # The usual case, without a detour: a batch that is fed as it is.
        runs = self.policy.runs(len(batch))
        if len(runs) == 1 and runs[0].size == len(batch):
            outputs = self._feed(batch)
            return dict(zip(self._output_names, outputs, strict=True))
        pieces: list[list[NDArray[np.float32]]] = []
        for run in runs:
            piece = batch[run.start : run.start + run.count]
            if run.size > run.count:
                piece = _padded(piece, run.size)
            pieces.append([output[: run.count] for output in self._feed(piece)])
        joined = (np.concatenate(outputs) for outputs in zip(*pieces, strict=True))
        return dict(zip(self._output_names, joined, strict=True))

    def _feed(self, batch: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        feed = {self.card.input.name: np.ascontiguousarray(batch)}
        return list(self._session.run(self._output_names, feed))

    def warm_up(self) -> None:
        """Meet each declared batch size once, and see that the outputs are what the card says."""
        for size in self.policy.batch_sizes:
            for height, width in _warm_shapes(self.card.input, common=self.policy.fill != "exact"):
                answers = self.run(np.zeros((size, height, width, 3), np.uint8))
                check_answers(self.card, size, answers)


def _policy(card: ModelCard, provider: str, batch_sizes: tuple[int, ...] | None) -> ShapePolicy:
    """The batches that a session on this provider is fed."""
    policy = ShapePolicy(tuple(card.batch_sizes), fill_for(provider))
    if policy.fill == "pad" and batch_sizes is not None:
        return replace(policy, batch_sizes=batch_sizes)
    if policy.fill == "split" and card.input.height is None:
        # Each shape is compiled: with free sides the batch is not to multiply them.
        return replace(policy, batch_sizes=(1,))
    return policy


def _warm_shapes(source: ModelInput, *, common: bool) -> list[tuple[int, int]]:
    """Heights and widths to meet before serving. common: those of usual pictures too."""

    def up(side: float) -> int:
        return -(-int(side) // source.multiple_of) * source.multiple_of

    # A dynamic side is met at its largest, so that memory is asked for now and not later.
    side = up(source.long_side or source.multiple_of)
    shapes = {(source.height or side, source.width or side)}
    if common and source.height is None and source.width is None:
        for long, short in COMMON_SIDES:
            shapes |= {(side, up(side * short / long)), (up(side * short / long), side)}
    return sorted(shapes)


def _padded(piece: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """The piece as the first rows of a batch of `size`; black follows."""
    batch = np.empty((size, *piece.shape[1:]), np.uint8)
    batch[: len(piece)] = piece
    batch[len(piece) :] = 0
    return batch
