"""Training crops of the face network: every label follows the pixels it belongs to."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from app.face.geometry import Box, crop_transform, face_box
from app.face.pnp import canonical_points
from app.face.rotation import to_euler
from training.crop_jitter import CropJitter
from training.faces.crops import LabelledCrops
from training.faces.negatives import FacelessPlaces
from training.faces.pipeline import FaceBatches, hide, labelled_crop, plain_arrays
from training.faces.prepared import box_of_five
from training.faces.targets import TARGET, no_face

SIZE, FOCAL = 200, 40000.0  # so far away that perspective does not show


def seen(rotation: NDArray[np.float64]) -> NDArray[np.float64]:
    """(68, 2) pixels of the canonical head in a picture of SIZE pixels."""
    in_camera = canonical_points() @ rotation.T + (0.0, 0.0, FOCAL)
    return in_camera[:, :2] / in_camera[:, 2:] * FOCAL * 0.7 + (100.0, 85.0)


def faces(count: int = 6) -> LabelledCrops:
    """Black pictures with a white dot on the nose's tip, heads turned every way."""
    rotations = Rotation.from_euler(
        "YXZ", np.random.default_rng(1).uniform(-30, 30, (count, 3)), degrees=True
    ).as_matrix()
    points = np.array([seen(rotation) for rotation in rotations])
    pixels = np.zeros((count, SIZE, SIZE, 3), np.uint8)
    for picture, row in zip(pixels, points, strict=True):
        row[30] = np.round(row[30])
        cv2.circle(picture, [int(v) for v in row[30]], 4, (255, 255, 255), -1)
    boxes = [face_box(row) for row in points]
    return LabelledCrops.unlabelled(
        pixels,
        np.array([(b.x, b.y, b.width, b.height) for b in boxes], np.float32),
        np.array([f"person {row}" for row in range(count)]),
        np.array(["train"] * (count - 1) + ["validation"]),
        points=points.astype(np.float32),
        point_weights=np.tile(np.linspace(0.1, 1, 68, dtype=np.float32), (count, 1)),
        rotation=rotations.astype(np.float32),
        rotation_weights=np.ones((count, 3), np.float32),
        openness=np.tile(np.array([0.1, 0.3], np.float32), (count, 1)),
        openness_weights=np.ones((count, 2), np.float32),
    )


def weak_perspective_rotation(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rotation of the canonical head that falls on points, by linear least squares."""
    head = canonical_points() - canonical_points().mean(axis=0)
    rows = np.linalg.lstsq(head, points - points.mean(axis=0), rcond=None)[0].T
    left, _, right = np.linalg.svd(rows, full_matrices=False)
    x, y = left @ right
    return np.stack([x, y, np.cross(x, y)])


@pytest.mark.parametrize("flipped", [False, True])
@pytest.mark.parametrize("angle", [0.0, 35.0, -60.0])
def test_the_rotation_is_that_of_the_points_in_the_crop(angle: float, flipped: bool) -> None:
    some = faces()
    for row in range(len(some)):
        to_image = crop_transform(Box(*some.boxes[row].tolist()), 1.4, angle)
        crop, target = labelled_crop(some, row, 128, to_image, angle, flipped)
        points = target[TARGET["points"]].reshape(68, 2).astype(np.float64)
        # The nose's tip was rounded to a pixel; it moves the fit by next to nothing.
        found = weak_perspective_rotation(points)
        expected = target[TARGET["rotation"]].reshape(3, 3)
        np.testing.assert_allclose(to_euler(found), to_euler(expected), atol=1)
        dot = crop[:, :, 0].astype(np.float64)
        rows, columns = np.indices(dot.shape)
        centre = np.array([(dot * columns).sum(), (dot * rows).sum()]) / dot.sum()
        np.testing.assert_allclose((centre + 0.5) / 128, points[30], atol=0.5 / 128)


def test_a_mirror_swaps_eyes_and_the_weights_of_sides() -> None:
    some = faces()
    to_image = crop_transform(Box(*some.boxes[0].tolist()))
    _, plain = labelled_crop(some, 0, 64, to_image)
    _, mirrored = labelled_crop(some, 0, 64, to_image, flipped=True)
    np.testing.assert_array_equal(plain[TARGET["openness"]], np.array([0.1, 0.3], np.float32))
    np.testing.assert_array_equal(mirrored[TARGET["openness"]], np.array([0.3, 0.1], np.float32))
    weights, swapped = plain[TARGET["point_weights"]], mirrored[TARGET["point_weights"]]
    assert swapped[36] == weights[45]
    assert swapped[0] == weights[16]
    assert swapped[30] == weights[30]


def test_what_shows_is_mirrored_and_ends_at_the_edge() -> None:
    some = faces()
    some.visible[0, 36] = 0.0
    some.visible_weights[:] = 0.3
    to_image = crop_transform(Box(*some.boxes[0].tolist()))
    for flipped, hidden in ((False, 36), (True, 45)):
        _, target = labelled_crop(some, 0, 64, to_image, flipped=flipped)
        assert np.flatnonzero(target[TARGET["visible"]] == 0).tolist() == [hidden]
    # A crop of the face's right half in the picture: the points left of it are out of sight.
    x, y, width, height = some.boxes[0].tolist()
    half = crop_transform(Box(x + width / 2, y, width, height), 1.0)
    _, target = labelled_crop(some, 0, 64, half)
    left_of_it = target[TARGET["points"]].reshape(68, 2)[:, 0] < 0
    assert left_of_it.sum() > 10
    assert (target[TARGET["visible"]][left_of_it] == 0).all()


def test_covered_points_are_hidden() -> None:
    some = faces()
    some.point_weights[:, 60:] = 0.0
    _, target = labelled_crop(some, 0, 64, crop_transform(Box(*some.boxes[0].tolist())))
    covered = np.zeros((64, 64), bool)
    covered[:, 32:] = True
    hide(target, covered)
    right = target[TARGET["points"]].reshape(68, 2)[:, 0] >= 0.5
    expected = right & (np.arange(68) < 60)
    np.testing.assert_array_equal(target[TARGET["visible"]], ~expected)
    np.testing.assert_array_equal(target[TARGET["visible_weights"]], expected)
    assert expected.sum() > 20


def batches(some: LabelledCrops, epoch: int = 0, **options: object) -> FaceBatches:
    settings = {"size": 64, "batch": 8, "steps": 2, "seed": 7} | options
    made = FaceBatches([(some, 1.0)], **settings)  # type: ignore[arg-type]
    made.epoch = epoch
    return made


def test_batches_depend_on_seed_epoch_and_index_alone() -> None:
    crops, targets = batches(faces(), 3)[1]
    assert crops.shape == (8, 64, 64, 3)
    assert crops.dtype == np.uint8
    assert targets.shape == (8, no_face().size)
    np.testing.assert_array_equal(crops, batches(faces(), 3)[1][0])
    assert not np.array_equal(crops, batches(faces(), 4)[1][0])
    assert not np.array_equal(crops, batches(faces(), 3)[0][0])


def test_one_crop_in_twenty_one_shows_no_face_and_is_labelled_so() -> None:
    bright = replace(faces(), pixels=np.full((6, SIZE, SIZE, 3), 255, np.uint8))
    dark = FacelessPlaces([np.zeros((90, 120, 3), np.uint8)], [np.zeros((0, 4))])
    jitter = CropJitter(occluded=0.0)
    made = batches(bright, faceless=[dark], batch=1500, size=32, jitter=jitter)
    crops, targets = made[0]
    absent = targets[:, TARGET["presence"]][:, 0] == 0
    np.testing.assert_array_equal(absent, crops.mean(axis=(1, 2, 3)) < 100)
    np.testing.assert_array_equal(targets[absent], np.tile(no_face(), (absent.sum(), 1)))
    assert 0.03 < absent.mean() < 0.07


@pytest.mark.parametrize("epoch", [0, 4, 5, 9])
def test_the_last_epochs_are_calmer(epoch: int) -> None:
    even = replace(faces(), pixels=np.full((6, SIZE, SIZE, 3), 120, np.uint8))
    made = batches(even, epoch, batch=600, size=32, calm_from=5)
    crops, targets = made[0]
    # No picture ends within the middle, so only light and what is put before it change that.
    untouched = (crops[:, 14:18, 14:18] == 120).all(axis=(1, 2, 3)).mean()
    assert untouched > 0.4 if epoch >= 5 else untouched < 0.05
    stirred = batches(even, epoch, batch=600, size=32)[0][1]
    calm_spread, spread = (np.log(_widths(some)).std() for some in (targets, stirred))
    assert (calm_spread < 0.9 * spread) == (epoch >= 5)


def _widths(targets: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N,): of the faces, in crops."""
    return np.asarray(np.ptp(targets[:, TARGET["points"]].reshape(-1, 68, 2)[..., 0], axis=1))


def test_places_without_faces_stay_clear_of_faces(monkeypatch: pytest.MonkeyPatch) -> None:
    boxes: list[Box] = []

    def noted(box: Box, scale: float, turn: float) -> NDArray[np.float64]:
        boxes.append(box)
        return crop_transform(box, scale, turn)

    monkeypatch.setattr("training.faces.negatives.crop_transform", noted)
    face = Box(60.0, 40.0, 80.0, 90.0)
    picture = np.zeros((160, 200, 3), np.uint8)
    places = FacelessPlaces([picture], [np.array([[60.0, 40.0, 80.0, 90.0]])])
    rng = np.random.default_rng(5)
    for _ in range(500):
        places.draw(rng, 16, 0.0)
    overlaps = np.array([box.iou(face) for box in boxes])
    assert overlaps.max() < 0.2
    assert (overlaps > 0.05).mean() > 0.15, "corners of faces are the crops that matter"


def test_five_points_of_the_mean_head_give_its_box() -> None:
    points = seen(np.eye(3))
    five = np.stack([points[i].mean(axis=0) for i in ([36, 37, 38, 39, 40, 41],
        [42, 43, 44, 45, 46, 47], [30], [48], [54])])  # fmt: skip
    assert box_of_five(five).iou(face_box(points)) > 0.97


def test_labels_by_name_are_faces_again() -> None:
    some = faces()
    again = LabelledCrops.of(some.arrays())
    for before, after in zip(
        plain_arrays(some.of_split("validation"), 64),
        plain_arrays(again.of_split("validation"), 64),
        strict=True,
    ):
        np.testing.assert_array_equal(before, after)


def test_an_empty_set_is_refused() -> None:
    with pytest.raises(ValueError, match="prepare it first"):
        batches(faces().of_split("test"))
