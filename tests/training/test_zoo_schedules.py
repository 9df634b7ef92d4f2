"""Schedules of the zoo: phases in one fit, early stopping, old records, memory."""

import gc
import json
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers
from numpy.typing import NDArray

from training.fit import EpochBatches, FinishedRun, Logs, Schedule, fit

PHASES = ((5 / 12, 1.0), (4 / 12, 0.2), (3 / 12, 0.1))
_STATM = Path("/proc/self/statm")


class Lines(EpochBatches):
    """y = 3 x - 1."""

    def __init__(self, steps: int = 5) -> None:
        super().__init__(steps=steps, seed=1)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        x = self.generator(index).normal(size=(16, 1)).astype(np.float32)
        return x, 3 * x - 1


def line() -> keras.Model:
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((1,)), layers.Dense(1)])


def test_phases_change_the_rate_by_step_whatever_the_length() -> None:
    full = Schedule(120, 1000, 1e-3, method="amsgrad", phases=PHASES)
    for schedule, scale in ((full, 1), (full.changed(epochs=12, steps_per_epoch=10), 1000)):
        optimizer = schedule.optimizer()
        assert isinstance(optimizer, keras.optimizers.Adam)
        assert optimizer.amsgrad
        rate = optimizer._learning_rate
        steps = np.array([0, 49_900, 50_100, 89_900, 90_100, 119_000]) // scale
        expected = [1e-3, 1e-3, 2e-4, 2e-4, 1e-4, 1e-4]
        got = [float(rate(int(step))) for step in steps]
        if scale == 1:
            np.testing.assert_allclose(got, expected, rtol=1e-6)
        np.testing.assert_allclose([float(rate(0)), float(rate(schedule.steps))], [1e-3, 1e-4])


def test_what_is_as_before_is_recorded_as_before(tmp_path: Path) -> None:
    """A run folder that was begun before there were phases can be gone on with."""
    schedule = Schedule(epochs=1, steps_per_epoch=5, learning_rate=0.3, warmup_steps=2)
    before = {
        "schedule": {
            "epochs": 1,
            "steps_per_epoch": 5,
            "learning_rate": 0.3,
            "warmup_steps": 2,
            "final_rate": 0.005,
            "weight_decay": 0.0001,
            "clip_norm": 20.0,
        },
        "parameters": 2,
        "recipe": "line",
    }
    text = json.dumps(before, indent=2) + "\n"
    (tmp_path / "run.json").write_text(text)
    record = {"recipe": "line"}
    fit(line(), loss="mse", train=Lines(), validation=None, schedule=schedule, out=tmp_path,
        record=record)  # fmt: skip
    assert (tmp_path / "run.json").read_text() == text
    assert FinishedRun.of(tmp_path).schedule == schedule


def test_a_schedule_in_phases_is_read_back_as_it_was(tmp_path: Path) -> None:
    schedule = Schedule(2, 5, 0.01, method="adam", phases=PHASES, patience=7)
    held_out = Lines()[0]
    fit(line(), loss="mse", train=Lines(), validation=held_out, schedule=schedule, out=tmp_path)
    assert FinishedRun.of(tmp_path).schedule == schedule


def test_a_resumed_run_is_in_the_phase_that_it_was_in(tmp_path: Path) -> None:
    rates: list[float] = []

    class Rates(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:  # noqa: ARG002
            if epoch == 3 and len(rates) == 3:
                raise KeyboardInterrupt
            rates.append(float(self.model.optimizer.learning_rate))

    schedule = Schedule(4, 5, 0.1, method="adam", phases=((0.5, 1.0), (0.5, 0.2)))
    run = partial(fit, loss="mse", train=Lines(), validation=None, schedule=schedule, out=tmp_path)
    with pytest.raises(KeyboardInterrupt):
        run(line(), callbacks=[Rates()])
    rates.append(0.0)  # here the power came back
    run(line(), callbacks=[Rates()])
    # The rate of the step before: each phase shows from the second epoch of it on.
    np.testing.assert_allclose(rates, [0.1, 0.1, 0.1, 0.0, 0.02], rtol=1e-5)


def test_a_run_stops_when_no_better_and_keeps_its_best(tmp_path: Path) -> None:
    """What is learnt is wrong for the validation: it is best at the start and then never again."""
    x = np.linspace(-1, 1, 32, dtype=np.float32)[:, None]
    held_out = (x, -3 * x + 1)
    schedule = Schedule(50, 5, 0.05, method="adam", patience=4)

    class PowerCut(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:  # noqa: ARG002
            if epoch == 3:
                raise KeyboardInterrupt

    run = partial(fit, loss="mse", validation=held_out, schedule=schedule, out=tmp_path)
    with pytest.raises(KeyboardInterrupt):
        run(line(), train=Lines(), callbacks=[PowerCut()])
    model = run(line(), train=Lines())
    rows = (tmp_path / "history.csv").read_text().splitlines()
    assert len(rows) == 1 + 1 + 4, "the epochs before the power cut count"
    assert FinishedRun.of(tmp_path).epochs == 5, "what the card counts steps by"
    column = rows[0].split(",").index("val_loss")
    losses = [float(row.split(",")[column]) for row in rows[1:]]
    model.compile(loss="mse")
    assert float(model.evaluate(*held_out, verbose=0)) == pytest.approx(min(losses), rel=1e-4)


@pytest.mark.skipif(not _STATM.is_file(), reason="resident memory is read from /proc")
def test_memory_stays_flat_over_epochs_and_over_fits(tmp_path: Path) -> None:
    """Its author had to start the phases of mobilenetv2-conv by hand: memory was not released.

    In a process of its own: what other tests leave, and give back meanwhile, is none of it.
    """
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        by_epoch, over_fits = pool.submit(_memory_of_fits, tmp_path).result()
    assert max(by_epoch[6:]) - by_epoch[5] < 30, "an epoch of 33 MB of pictures leaves nothing"
    assert over_fits < 8 * 4, "nor does a fit: a batch that is kept has 8 MB"


class _Pictures(EpochBatches):
    """8 MB a batch: one that is kept shows."""

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        x = self.generator(index).random((16, 208, 208, 3), np.float32)
        return x, x.mean(axis=(1, 2))


def _memory_of_fits(folder: Path) -> tuple[list[float], float]:
    """MiB after each epoch of a long fit, and what eight fits more add to it."""
    sizes: list[float] = []

    def resident() -> float:
        gc.collect()
        return int(_STATM.read_text().split()[1]) * 4096 / 2**20

    class Watch(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:  # noqa: ARG002
            sizes.append(resident())

    def run(name: str, epochs: int) -> None:
        network = keras.Sequential(
            [
                keras.Input((208, 208, 3)),
                layers.AveragePooling2D(208),
                layers.Flatten(),
                layers.Dense(3),
            ]
        )
        schedule = Schedule(epochs, 4, 1e-3, method="amsgrad", phases=PHASES)
        batches = _Pictures(steps=4, seed=1)
        held_out = batches[0]
        fit(network, loss="mse", train=batches, validation=held_out, schedule=schedule,
            out=folder / name, callbacks=[Watch()])  # fmt: skip

    run("long", 16)
    by_epoch = list(sizes)
    for number in range(3):
        run(f"warm {number}", 2)
    before = resident()
    for number in range(8):
        run(f"again {number}", 2)
    return by_epoch, resident() - before
