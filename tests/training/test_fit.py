"""Training runs on a network of a few weights: they learn, resume, and refuse to learn only the
mean.
"""

from functools import partial
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers
from numpy.typing import NDArray

from training.fit import EpochBatches, LearnsMoreThanTheMean, Logs, Schedule, fit, overfits
from training.landmarks.losses import NormalisedError, landmark_loss, wing
from training.networks.landmarks import landmark_network, serving_network


class Lines(EpochBatches):
    """y = 3 x - 1."""

    seen_epochs: list[int]

    def __init__(self) -> None:
        super().__init__(steps=5, seed=1)
        self.seen_epochs = []

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        self.seen_epochs.append(self.epoch)
        x = self.generator(index).normal(size=(16, 1)).astype(np.float32)
        return x, 3 * x - 1


def line() -> keras.Model:
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((1,)), layers.Dense(1)])


def schedule(epochs: int) -> Schedule:
    return Schedule(epochs=epochs, steps_per_epoch=5, learning_rate=0.3, warmup_steps=2)


def test_a_run_learns_and_leaves_its_record(tmp_path: Path) -> None:
    held_out = Lines()[0]
    model = fit(
        line(),
        loss="mse",
        train=Lines(),
        validation=held_out,
        schedule=schedule(12),
        out=tmp_path,
        record={"recipe": "line"},
    )
    assert float(model.evaluate(*held_out, verbose=0)) < 0.2
    for name in ("last.keras", "history.csv", "run.json", "finished", "tensorboard"):
        assert (tmp_path / name).exists()
    assert len((tmp_path / "history.csv").read_text().splitlines()) == 13


def test_a_run_that_is_no_number_any_more_fails_and_is_not_finished(tmp_path: Path) -> None:
    def broken(_true: keras.KerasTensor, predicted: keras.KerasTensor) -> keras.KerasTensor:
        return keras.ops.log(-keras.ops.square(predicted) - 1.0)

    with pytest.raises(RuntimeError, match="NaN"):
        fit(line(), loss=broken, train=Lines(), validation=None, schedule=schedule(3), out=tmp_path)
    assert not (tmp_path / "finished").exists()


def test_a_stopped_run_goes_on_at_its_epoch(tmp_path: Path) -> None:
    class PowerCut(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:  # noqa: ARG002
            if epoch == 2:
                raise KeyboardInterrupt

    run = partial(fit, loss="mse", validation=None, schedule=schedule(4), out=tmp_path)
    with pytest.raises(KeyboardInterrupt):
        run(line(), train=Lines(), callbacks=[PowerCut()])
    batches = Lines()
    run(line(), train=batches)
    # Keras looks at a few batches of epoch 0 to learn their shapes, and trains on none of them.
    assert batches.seen_epochs.count(0) < 5
    assert [batches.seen_epochs.count(epoch) for epoch in (1, 2, 3)] == [0, 5, 5]
    assert len((tmp_path / "history.csv").read_text().splitlines()) == 5
    finished = Lines()
    run(line(), train=finished)
    assert finished.seen_epochs == [], "a finished run trains no more"


def test_a_kill_while_the_network_is_written_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = keras.Sequential.save

    def killed(model: keras.Model, path: Path) -> None:
        if (tmp_path / "last.keras").exists():
            path.write_bytes(b"half of it")
            raise KeyboardInterrupt
        save(model, path)

    run = partial(fit, loss="mse", validation=None, schedule=schedule(3), out=tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(keras.Sequential, "save", killed)
        with pytest.raises(KeyboardInterrupt):
            run(line(), train=Lines())
    assert keras.saving.load_model(tmp_path / "last.keras", compile=False).count_params() == 2
    run(line(), train=Lines())
    assert (tmp_path / "finished").is_file()
    assert not (tmp_path / "backup").exists()


def test_another_run_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    run = partial(fit, loss="mse", train=Lines(), validation=None, out=tmp_path)
    run(line(), schedule=schedule(1))
    with pytest.raises(ValueError, match="other settings"):
        run(line(), schedule=schedule(2))
    with pytest.raises(ValueError, match="other settings"):
        run(line(), schedule=schedule(1), record={"faces": 2})


def test_a_run_that_learns_only_the_mean_is_stopped() -> None:
    guard = LearnsMoreThanTheMean("val_nme", mean_answer=0.3, patience=2)
    guard.on_epoch_end(0, {"val_nme": 0.29})
    with pytest.raises(RuntimeError, match="answering the mean"):
        guard.on_epoch_end(1, {"val_nme": 0.29})
    guard.on_epoch_end(1, {"val_nme": 0.1})
    with pytest.raises(RuntimeError, match="nan"):
        guard.on_epoch_end(2, {"val_nme": float("nan")})


def test_wing_agrees_with_the_paper_by_hand() -> None:
    # w = 8 px, epsilon = 2 px of a 128-pixel crop; below w: w ln(1 + d / e), beyond: d - C.
    w, e = 8.0, 2.0
    inside, outside = 3.0, 20.0
    expected = [w * np.log(1 + inside / e), outside - (w - w * np.log(1 + w / e))]
    got = np.asarray(wing(keras.ops.convert_to_tensor([inside / 128, -outside / 128])))
    np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_unlabelled_points_do_not_count() -> None:
    rng = np.random.default_rng(0)
    target = np.dstack([rng.uniform(size=(2, 5, 2)), np.ones((2, 5, 1))]).astype(np.float32)
    prediction = np.dstack([rng.uniform(size=(2, 5, 2)), np.full((2, 5, 1), -3)]).astype(np.float32)
    target[:, 3, 2] = 0
    loss = np.asarray(landmark_loss(target, prediction))
    target[:, 3, :2] = 100
    np.testing.assert_allclose(np.asarray(landmark_loss(target, prediction)), loss)


def test_the_deviation_that_fits_the_error_has_the_lowest_loss() -> None:
    target = np.array([[[0.5, 0.5, 1.0]]], np.float32)
    losses = [
        float(landmark_loss(target, np.array([[[0.53, 0.47, np.log(std)]]], np.float32))[0])
        for std in (0.015, 0.03, 0.06)
    ]
    assert losses[1] < losses[0]
    assert losses[1] < losses[2]


def test_nme_by_hand() -> None:
    target = np.array([[[0, 0, 1], [1, 0, 1], [0.5, 1, 1]]], np.float32)
    prediction = target + np.array([[[0.1, 0, 0], [0, 0.2, 0], [0, 0, 0]]], np.float32)
    metric = NormalisedError((0,), (1,))
    metric.update_state(target, prediction)
    assert float(metric.result()) == pytest.approx(0.1)


def test_the_landmark_network_overfits_sixteen_faces() -> None:
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    crops = rng.uniform(0, 255, (16, 32, 32, 3)).astype(np.float32)
    targets = np.dstack([rng.uniform(0.2, 0.8, (16, 5, 2)), np.ones((16, 5, 1))]).astype(np.float32)
    model = landmark_network(32, 5, targets[..., :2].mean(axis=0), dropout=0.0)

    class PointsOnly:
        def __call__(
            self, target: keras.KerasTensor, prediction: keras.KerasTensor
        ) -> keras.KerasTensor:
            return keras.ops.mean(wing(prediction[..., :2] - target[..., :2]))

    assert overfits(model, PointsOnly(), (crops, targets), steps=450) < 0.2


def test_the_network_starts_at_the_mean_face_and_serves_points_and_deviations() -> None:
    mean = np.random.default_rng(0).uniform(0.3, 0.7, (5, 2)).astype(np.float32)
    model = landmark_network(32, 5, mean)
    crops = np.full((3, 32, 32, 3), 128, np.float32)
    points, std = (np.asarray(o) for o in serving_network(model, std_scale=2.0)(crops))
    assert points.shape == (3, 5, 2)
    assert std.shape == (3, 5)
    np.testing.assert_allclose(points, np.broadcast_to(mean, points.shape), atol=0.1)
    np.testing.assert_allclose(std, 2 * 0.02, rtol=0.3)
