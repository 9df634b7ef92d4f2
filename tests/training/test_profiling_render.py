"""Folders of profiled photographs: layout, terms, going on after a stop, the same from the seed."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.face.rotation import from_euler, geodesic_degrees
from tests.training.profiling_tools import (
    closed_head,
    contour_of_closed_head,
    photograph,
    points_of,
)
from training.datasets import load
from training.profiling import render, series
from training.profiling.render import render_profiles
from training.profiling.series import ProfileSeries
from training.profiling.survey import summary, survey
from training.synthetic.facekit import FaceKit
from training.synthetic.head import Pose, Shape
from training.synthetic.shard_files import read_shards

_YAWS = (-20, -5, 0, 12, 30)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a made-up w300; the made-up head stands for the head model."""

    def made_up(folder: Path, modes: int = 60) -> FaceKit:  # noqa: ARG001 - stands in
        return closed_head()

    for module in (render, series):
        monkeypatch.setattr(module, "load_facekit", made_up)
    monkeypatch.setattr(series, "habits_of_300w", lambda *_: None)
    monkeypatch.setattr(series, "JawContour", lambda _: contour_of_closed_head())
    root = tmp_path / "data" / "w300"
    (root / "images").mkdir(parents=True)
    names, points = [], []
    for number, yaw in enumerate(_YAWS):
        name = f"helen_train_{number}.png"
        cv2.imwrite(str(root / "images" / name), photograph(number))
        pose = Pose(from_euler(yaw, 2, -4), np.array([0.0, 0.0, 1200.0]))
        names.append(name)
        points.append(points_of(Shape(np.zeros(3)), pose))
    # The last has impossible points and must be refused.
    points[-1] = np.random.default_rng(0).permutation(points[-1])
    np.savez(
        root / "labels.npz",
        filename=np.array(names),
        landmarks=np.array(points, dtype=np.float32),
        split=np.array(["train"] * len(names)),
        subset=np.array(["helen"] * len(names)),
        near_dup_of_test=np.zeros(len(names), dtype=bool),
    )
    return tmp_path / "data"


def _render(data: Path, out: Path, count: int = 6, seed: int = 1) -> dict[str, object]:
    return dict(render_profiles(ProfileSeries("w300", seed), data, data / "facekit", out, count))


def test_writes_samples_that_the_reader_of_renders_reads(data: Path, tmp_path: Path) -> None:
    manifest = _render(data, tmp_path / "out")

    (shard,) = read_shards(tmp_path / "out")
    assert shard["images"].shape == (6, 160, 160, 3)
    assert shard["index"].tolist() == [0, 1, 2, 3, 4, 5]
    assert set(shard) - {"images", "index"} >= {"points", "visible", "pose.rotation"}
    assert shard["points"].shape == (6, 68, 2)
    assert manifest["edition"] == "research"
    assert "not for commercial use" in str(manifest["terms"])
    photographs = set(shard["tag.photograph"].tolist())
    assert photographs <= {f"w300/helen_train_{number}" for number in range(4)}
    subjects = [f"300w:helen/{name.rpartition('_')[2]}" for name in shard["tag.photograph"]]
    assert shard["tag.subject"].tolist() == subjects


def test_size_and_margin_decide_the_pictures(data: Path, tmp_path: Path) -> None:
    for name, margin in (("narrow", 1.2), ("wide", 2.0)):
        wanted = ProfileSeries("w300", 1, size=96, margin=margin)
        render_profiles(wanted, data, data / "facekit", tmp_path / name, 1)

    narrow, wide = (next(read_shards(tmp_path / name)) for name in ("narrow", "wide"))
    assert narrow["images"].shape == (1, 96, 96, 3)
    # The head turns alike, so its points are as much smaller as the picture shows more.
    sizes = [np.ptp(shard["points"][0, 36:48, 0]) for shard in (narrow, wide)]
    np.testing.assert_allclose(sizes[0] / sizes[1], 2.0 / 1.2, rtol=0.1)


def test_labels_are_finite_and_faces_in_the_picture(data: Path, tmp_path: Path) -> None:
    _render(data, tmp_path / "out", count=8)

    (shard,) = read_shards(tmp_path / "out")
    for name, values in shard.items():
        if np.issubdtype(values.dtype, np.floating) and not name.startswith("eyes.gaze"):
            assert np.isfinite(values).all(), name
    assert ((shard["points"] > -0.5) & (shard["points"] < 159.5)).all()
    assert (shard["images"].std(axis=(1, 2, 3)) > 5).all()
    assert (shard["visible"].sum(axis=1) >= 20).all()


def test_the_same_seed_gives_the_same_samples_and_another_seed_others(
    data: Path, tmp_path: Path
) -> None:
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        _render(data, tmp_path / name, count=2, seed=seed)

    one, again, other = (next(read_shards(tmp_path / n)) for n in ("one", "again", "other"))
    np.testing.assert_array_equal(one["images"], again["images"])
    np.testing.assert_array_equal(one["points"], again["points"])
    assert geodesic_degrees(one["pose.rotation"], other["pose.rotation"]).max() > 1.0


def test_a_longer_run_keeps_what_is_there(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.synthetic.shards.PER_SHARD", 4)
    monkeypatch.setattr("training.synthetic.shard_files.PER_SHARD", 4)
    out = tmp_path / "out"
    _render(data, out, count=4)
    first = (out / "shard-00000.npz").stat().st_mtime_ns

    _render(data, out, count=6)

    assert (out / "shard-00000.npz").stat().st_mtime_ns == first
    assert [len(shard["index"]) for shard in read_shards(out)] == [4, 2]


def test_a_folder_of_another_series_is_left_alone(data: Path, tmp_path: Path) -> None:
    _render(data, tmp_path / "out", count=1)

    with pytest.raises(ValueError, match="another series"):
        _render(data, tmp_path / "out", count=1, seed=2)


def test_a_set_without_68_points_is_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="unknown data set"):
        render_profiles(ProfileSeries("nobody", 1), data, data, tmp_path / "out", 1)


def test_the_survey_counts_what_is_refused(data: Path) -> None:
    found = survey(load("w300", data), closed_head())

    np.testing.assert_allclose(found.fitted[:4, 0], _YAWS[:4], atol=2.0)
    np.testing.assert_allclose(found.fitted[:4, 2], -4.0, atol=2.0)
    assert "refused (above 5): 20.00%" in summary(found)


def test_the_survey_never_looks_at_test_photographs(data: Path) -> None:
    samples = list(load("w300", data))
    held_out = [replace(samples[0], split="test"), *samples[1:]]

    assert len(survey(held_out, closed_head()).residual) == len(samples) - 1
    with pytest.raises(ValueError, match="outside the test splits"):
        survey(held_out[:1], closed_head())
