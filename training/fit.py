"""One training run: resumable, watched, and stopped early when it learns nothing but the mean."""

import csv
import json
import shutil
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Self

import keras
import numpy as np

from training.schedule import Schedule

__all__ = [
    "EpochBatches",
    "FinishedRun",
    "LearnsMoreThanTheMean",
    "Logs",
    "Schedule",
    "fit",
    "overfits",
]

Logs = dict[str, float] | None

_BEST = "best.weights.h5"


class EpochBatches(keras.utils.PyDataset):
    """`steps` batches an epoch that depend on (seed, epoch, index) alone: a resumed run repeats
    none.
    """

    def __init__(self, *, steps: int, seed: int) -> None:
        super().__init__(workers=1, max_queue_size=12)
        self._steps, self._seed, self.epoch = steps, seed, 0

    @property
    def num_batches(self) -> int:
        return self._steps

    def generator(self, index: int) -> np.random.Generator:
        return np.random.default_rng((self._seed, self.epoch, index))


class _TellEpoch(keras.callbacks.Callback):
    """Keras knows after a resume which epoch it is; the batches must know it too."""

    def __init__(self, batches: EpochBatches) -> None:
        super().__init__()
        self._batches = batches

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:  # noqa: ARG002
        self._batches.epoch = epoch


class _History(keras.callbacks.Callback):
    """One line an epoch, the file closed after each: a killed run leaves all lines it earned."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        values = logs or {}
        is_new = not self._path.exists()
        with self._path.open("a") as file:
            if is_new:
                file.write(",".join(["epoch", *values]) + "\n")
            file.write(",".join(map(str, [epoch, *values.values()])) + "\n")


class _KeepsLast(keras.callbacks.Callback):
    """The network after each epoch; a kill while it is written leaves that of the epoch before."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:  # noqa: ARG002
        _save(self.model, self._path)


def _save(model: keras.Model, path: Path) -> None:
    """A kill meanwhile leaves what was there before."""
    unfinished = path.with_stem("unfinished")
    model.save(unfinished)
    unfinished.replace(path)


class _StopsWhenNoBetter(keras.callbacks.Callback):
    """Ends a run `patience` epochs after its best validation loss, and keeps the weights of that.

    It reads history.csv, which _History has just written: a resumed run has not forgotten its best.
    """

    def __init__(self, out: Path, patience: int) -> None:
        super().__init__()
        self._history, self._best, self._patience = out / "history.csv", out / _BEST, patience

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:  # noqa: ARG002
        with self._history.open(newline="") as file:
            losses = [float(row["val_loss"]) for row in csv.DictReader(file)]
        since_best = len(losses) - 1 - int(np.argmin(np.nan_to_num(losses, nan=np.inf)))
        if since_best == 0:
            self.model.save_weights(self._best)
        if since_best >= self._patience:
            self.model.stop_training = True


class LearnsMoreThanTheMean(keras.callbacks.Callback):
    """Stops a run whose validation metric is not below `share` of the mean answer's after
    `patience` epochs.

    Networks that regress often settle on the average answer and look as if they trained.
    """

    def __init__(
        self, metric: str, mean_answer: float, share: float = 0.6, patience: int = 15
    ) -> None:
        super().__init__()
        self._metric, self._bound, self._patience = metric, share * mean_answer, patience

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        value = (logs or {}).get(self._metric, float("nan"))
        if epoch + 1 >= self._patience and not value < self._bound:
            raise RuntimeError(
                f"after {epoch + 1} epochs {self._metric} is {value:.4f}, not below "
                f"{self._bound:.4f}, which is little better than always answering the mean: check "
                "labels, crops and learning rate before spending more time"
            )


def fit(
    model: keras.Model,
    *,
    loss: Any,
    train: EpochBatches,
    validation: Any,
    schedule: Schedule,
    out: Path,
    metrics: list[Any] | None = None,
    callbacks: list[keras.callbacks.Callback] | None = None,
    record: dict[str, Any] | None = None,
) -> keras.Model:
    """Trains `model` and leaves `last.keras`, `history.csv`, `run.json` and TensorBoard logs in
    `out`; in a schedule with patience the weights are those of the best epoch.

    A run that was stopped goes on where it was: call it again with the same `out`. A finished run
    returns at once. ValueError when `out` holds a run with another schedule or record.
    """
    out.mkdir(parents=True, exist_ok=True)
    last, done = out / "last.keras", out / "finished"
    _note_run(
        out / "run.json",
        {"schedule": schedule.record(), "parameters": model.count_params(), **(record or {})},
    )
    if done.is_file():
        return keras.saving.load_model(last, compile=False)
    # XLA was measured 1.6 to 11 times slower than the plain graph for these networks on one CPU
    # core.
    model.compile(schedule.optimizer(), loss=loss, metrics=metrics or [], jit_compile=False)
    model.fit(
        train,
        validation_data=validation,
        epochs=schedule.epochs,
        callbacks=[
            # Two copies in turn: a power cut while one is written leaves the other.
            keras.callbacks.BackupAndRestore(
                str(out / "backup"), double_checkpoint=True, delete_checkpoint=False
            ),
            _TellEpoch(train),
            _History(out / "history.csv"),
            _KeepsLast(last),
            *([_StopsWhenNoBetter(out, schedule.patience)] if schedule.patience else []),
            *_tensorboard(out),
            *(callbacks or []),
            keras.callbacks.TerminateOnNaN(raise_error=True),
        ],
        verbose=1 if _interactive() else 2,
    )
    if schedule.patience:
        model.load_weights(out / _BEST)
    _save(model, last)
    done.write_text(date.today().isoformat() + "\n")
    shutil.rmtree(out / "backup", ignore_errors=True)
    return model


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """What a finished run left beside its weights. epochs: how many it took, fewer than its
    schedule has where it stopped early. begins_with: see training.beginning.
    """

    schedule: Schedule
    epochs: int
    begins_with: str
    trained: date
    parameters: int

    @classmethod
    def of(cls, out: Path) -> Self:
        """FileNotFoundError when the run in `out` has not ended."""
        done = out / "finished"
        if not done.is_file():
            raise FileNotFoundError(f"the training in {out} has not ended: run it again")
        run = json.loads((out / "run.json").read_text())
        schedule = Schedule.of(run["schedule"])
        return cls(
            schedule,
            _epochs_of(out) if schedule.patience else schedule.epochs,
            run.get("begins_with", ""),
            date.fromisoformat(done.read_text().strip()),
            run["parameters"],
        )


def _epochs_of(out: Path) -> int:
    with (out / "history.csv").open(newline="") as file:
        return max(int(row["epoch"]) for row in csv.DictReader(file)) + 1


def _note_run(path: Path, run: dict[str, Any]) -> None:
    """Writes what decides a run beside it, or checks that what is there is the same."""
    text = json.dumps(run, indent=2, default=str) + "\n"
    if path.is_file() and path.read_text() != text:
        raise ValueError(
            f"{path.parent} holds a run with other settings, see {path}: choose another folder, "
            "or delete this one to train anew"
        )
    path.write_text(text)


def overfits(model: keras.Model, loss: Any, batch: tuple[Any, Any], steps: int = 150) -> float:
    """Trains on one batch alone and returns the last loss over the first: near 0 when all is wired
    rightly.
    """
    model.compile(keras.optimizers.Adam(2e-3), loss=loss, jit_compile=False)
    losses = [float(np.asarray(model.train_on_batch(*batch))) for _ in range(steps)]
    return losses[-1] / losses[0]


def _tensorboard(out: Path) -> list[keras.callbacks.Callback]:
    if keras.backend.backend() != "tensorflow":
        return []  # Keras writes its event files with TensorFlow
    return [keras.callbacks.TensorBoard(str(out / "tensorboard"), write_graph=False)]


def _interactive() -> bool:
    return sys.stdout.isatty()
