"""Prepared faces and training crops: labels must stay on the pixels they belong to."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from app.face.geometry import face_box
from app.face.landmarks import scheme as scheme_named
from app.face.rotation import from_euler
from training.crop_jitter import CropJitter
from training.landmarks.pipeline import LandmarkBatches, augmented, mirrored, plain
from training.preparation import load_prepared, prepare
from training.prepared_faces import PreparedFaces
from training.samples import FaceSample, ImageSample, Split

SCHEME = scheme_named("ibug-68")


def face_points(rng: np.random.Generator) -> NDArray[np.float32]:
    """68 points on a circle; well apart, so that each dot can be found again."""
    turn = np.linspace(0, 2 * np.pi, 68, endpoint=False) + rng.uniform(0, 0.05)
    return np.column_stack([200 + 80 * np.cos(turn), 170 + 80 * np.sin(turn)]).astype(np.float32)


def write_samples(folder: Path, splits: list[Split]) -> list[ImageSample]:
    """Photographs that are black but for a white dot on point 30."""
    rng = np.random.default_rng(0)
    samples = []
    for index, split in enumerate(splits):
        points = face_points(rng)
        image = np.zeros((360, 400, 3), np.uint8)
        x, y = (round(float(v)) for v in points[30])
        points[30] = x, y
        cv2.circle(image, (x, y), 6, (255, 255, 255), -1)
        path = folder / f"{index}.png"
        cv2.imwrite(str(path), image)
        face = FaceSample(box=face_box(points), points_in_image=points, scheme="ibug-68")
        samples.append(ImageSample("made", path, (face,), f"person {index}", split))
    return samples


@pytest.fixture
def prepared(tmp_path: Path) -> PreparedFaces:
    prepare(write_samples(tmp_path, ["train", "train", "validation"]), "ibug-68", tmp_path / "out")
    return load_prepared(tmp_path / "out")


def dot_in(crop: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The dot's centre in the unit crop."""
    weight = crop[:, :, 0].astype(np.float64)
    rows, columns = np.indices(weight.shape)
    centre = np.array([(weight * columns).sum(), (weight * rows).sum()]) / weight.sum()
    return np.asarray((centre + 0.5) / len(crop), np.float64)


def test_prepared_faces_carry_their_labels_along(prepared: PreparedFaces) -> None:
    assert len(prepared) == 3
    assert list(prepared.split) == ["train", "train", "validation"]
    for row in range(3):
        expected = (prepared.points[row][30] + 0.5) / 256
        np.testing.assert_allclose(dot_in(prepared.pixels[row]), expected, atol=0.5 / 256)


def test_the_mean_face_is_that_of_the_points_that_are_seen(prepared: PreparedFaces) -> None:
    seen = prepared.seen.copy()
    seen[0, 5] = False
    seen[:, 7] = False
    points = prepared.points.copy()
    points[~seen] = -1000.0
    mean = replace(prepared, seen=seen, points=points).mean_points_in_crop()
    everywhere = prepared.mean_points_in_crop()
    np.testing.assert_allclose(mean[7], 0.5)
    others = np.delete(np.arange(68), [5, 7])
    np.testing.assert_allclose(mean[others], everywhere[others], atol=1e-6)
    two = prepared.take(np.array([1, 2])).mean_points_in_crop()
    np.testing.assert_allclose(mean[5], two[5], atol=1e-6)
    np.testing.assert_allclose(
        prepared.mean_points_in_crop("train"), prepared.of_split("train").mean_points_in_crop()
    )


def test_rotations_are_kept_where_there_are_labels(tmp_path: Path) -> None:
    samples = write_samples(tmp_path, ["train", "train"])
    turned = from_euler(20.0, 5.0, -3.0)
    posed = replace(samples[0], faces=(replace(samples[0].faces[0], rotation=turned),))
    prepare([posed, samples[1]], "ibug-68", tmp_path / "out", size=96)
    prepared = load_prepared(tmp_path / "out")
    assert prepared.pixels.shape == (2, 96, 96, 3)
    np.testing.assert_allclose(dot_in(prepared.pixels[0]), (prepared.points[0][30] + 0.5) / 96,
                               atol=0.5 / 96)  # fmt: skip
    np.testing.assert_allclose(prepared.rotation[0], turned, atol=1e-6)
    assert np.isnan(prepared.rotation[1]).all()


def test_the_plain_crop_shows_the_labelled_point_where_the_target_says(
    prepared: PreparedFaces,
) -> None:
    crop, target = plain(prepared, 0, 128)
    np.testing.assert_allclose(dot_in(crop), target[30, :2], atol=0.3 / 128)
    assert (target[:, 2] == 1).all()


def test_jittered_crops_keep_points_on_their_pixels(
    prepared: PreparedFaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.landmarks.pipeline.photometric", lambda _rng, image: image)
    jitter = CropJitter(occluded=0.0, turn_std=25.0)
    partner = SCHEME.flip.index(30)
    assert partner == 30, "the tip of the nose is its own mirror partner"
    for seed in range(40):
        crop, target = augmented(np.random.default_rng(seed), prepared, 0, 128, jitter)
        x, y = target[30, :2]
        if 0.1 < x < 0.9 and 0.1 < y < 0.9:
            np.testing.assert_allclose(dot_in(crop), [x, y], atol=0.5 / 128)


def test_mirroring_twice_changes_nothing(prepared: PreparedFaces) -> None:
    crop, target = plain(prepared, 1, 64)
    points, seen = target[:, :2].astype(np.float64), np.arange(68) % 3 > 0
    again = mirrored(*mirrored(crop, points, seen, SCHEME), SCHEME)
    np.testing.assert_array_equal(again[0], crop)
    np.testing.assert_allclose(again[1], points, atol=1e-12)
    np.testing.assert_array_equal(again[2], seen)


def test_batches_depend_on_seed_epoch_and_index_alone(prepared: PreparedFaces) -> None:
    def batches(epoch: int) -> LandmarkBatches:
        made = LandmarkBatches(
            [(prepared, 1.0)],
            size=64,
            batch=4,
            steps=2,
            jitter=CropJitter(),
            seed=7,
        )
        made.epoch = epoch
        return made

    crops, targets = batches(3)[1]
    assert crops.shape == (4, 64, 64, 3)
    assert crops.dtype == np.float32
    assert targets.shape == (4, 68, 3)
    np.testing.assert_array_equal(crops, batches(3)[1][0])
    assert not np.array_equal(crops, batches(4)[1][0])
    assert not np.array_equal(crops, batches(3)[0][0])


def test_sets_have_their_share_of_the_batches(prepared: PreparedFaces) -> None:
    bright = replace(prepared, pixels=np.full_like(prepared.pixels, 255))
    dark = replace(prepared, pixels=np.zeros_like(prepared.pixels))
    jitter = CropJitter(occluded=0.0)
    batches = LandmarkBatches(
        [(bright, 3.0), (dark, 1.0)], size=32, batch=400, steps=1, jitter=jitter, seed=1
    )
    share = (batches[0][0].mean(axis=(1, 2, 3)) > 100).mean()
    assert 0.68 < share < 0.82


def test_an_empty_set_is_refused(prepared: PreparedFaces) -> None:
    with pytest.raises(ValueError, match="prepare it first"):
        LandmarkBatches(
            [(prepared.of_source("w300"), 1.0)],
            size=64,
            batch=4,
            steps=2,
            jitter=CropJitter(),
            seed=7,
        )


def test_preparing_nothing_says_why(tmp_path: Path) -> None:
    sample = write_samples(tmp_path, ["train"])[0]
    with pytest.raises(ValueError, match="muct-76"):
        prepare([sample], "muct-76", tmp_path / "out")


def test_reading_an_unprepared_folder_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="python -m training prepare"):
        load_prepared(tmp_path)
