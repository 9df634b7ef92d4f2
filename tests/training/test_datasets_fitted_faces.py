"""AFLW2000-3D, 300W-3D and 300W-LP in exactly their published layout, written here.

The labels come from the projection that their authors publish, done with SciPy's rotations: a head
with y up and z to the viewer, R = Rx(-pitch) Ry(-yaw) Rz(-roll), times a scale, plus a shift, and y
counted from the top in the end.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import scipy.io
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from app.face.landmarks import scheme
from app.face.pnp import canonical_points
from app.face.rotation import geodesic_degrees, mirror, to_300w_lp
from training import datasets
from training.pose_labels import projection_error
from training.preparation import prepare
from training.samples import ImageSample, rejected

SIDE = 450
_UP = np.array([1.0, -1.0, -1.0])  # between the head's axes here and there
Array = NDArray[np.float64]


def labelled(
    pitch: float, yaw: float, roll: float, scale: float = 1.2
) -> tuple[Array, Array, Array]:
    """pt3d_68 (3, 68), Pose_Para (1, 7), and the rotation (3, 3) in our frame."""
    rotation = Rotation.from_euler("XYZ", [-pitch, -yaw, -roll], degrees=True).as_matrix()
    points = scale * rotation @ (canonical_points() * _UP).T + [[230.0], [240.0], [0.0]]
    points[1] = SIDE - points[1]
    pose = np.array([[*np.radians([pitch, yaw, roll]), 230.0, 240.0, 0.0, scale]])
    return points, pose, rotation * np.outer(_UP, _UP)


def write(file: Path, side: int = SIDE, **labels: Any) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    scipy.io.savemat(file, labels)
    if not file.stem.endswith("_pts"):
        assert cv2.imwrite(str(file.with_suffix(".jpg")), np.full((side, side, 3), 128, np.uint8))


def aflw(root: Path, name: str, pt2d: Array | None = None, **changed: Any) -> Array:
    points, pose, rotation = labelled(10, -35, 5)
    pt2d = np.arange(42.0).reshape(2, 21) + 150 if pt2d is None else pt2d
    labels = {"pt2d": pt2d, "pt3d_68": points, "Pose_Para": pose, "roi": np.zeros((1, 4))}
    write(root / f"{name}.mat", **labels | changed)
    return rotation


def splits(samples: Iterable[ImageSample]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for sample in samples:
        found.setdefault(sample.subject, set()).add(sample.split)
    return found


class TestAflw2000:
    def test_21_points_in_aflw_order_and_what_was_not_seen(self, tmp_path: Path) -> None:
        pt2d = np.arange(42.0).reshape(2, 21) + 150
        pt2d[:, 12] = -1  # LeftEar of AFLW: the subject's right one
        pt2d[:, 20] = (-1, 300)  # one coordinate alone is a place at the border
        rotation = aflw(tmp_path / "aflw2000_3d", "image00002", pt2d)
        (sample,) = datasets.load("aflw2000_3d", tmp_path)
        (face,) = sample.faces
        assert face.scheme == "aflw-21"
        assert face.seen is not None
        assert face.points_in_image is not None
        names = scheme("aflw-21").names
        assert [names[i] for i in np.flatnonzero(~face.seen)] == ["right_ear"]
        np.testing.assert_allclose(face.points_in_image[13], pt2d[:, 13])
        assert face.box is not None
        np.testing.assert_allclose(face.points_in_image[12], face.box.centre, rtol=1e-6)
        assert face.rotation is not None
        np.testing.assert_allclose(face.rotation, rotation, atol=1e-9)
        assert (face.tags["pitch"], face.tags["yaw"]) == ("10.00", "-35.00")

    def test_the_same_faces_with_68_points_share_folder_subject_and_split(
        self, tmp_path: Path
    ) -> None:
        for index in range(40):
            aflw(tmp_path / "aflw2000_3d" / "AFLW2000", f"image{index:05d}")
        few, many = (datasets.load(name, tmp_path) for name in ("aflw2000_3d", "aflw2000_3d_68"))
        assert [(s.path, s.subject, s.split) for s in few] == [
            (s.path, s.subject, s.split) for s in many
        ]
        assert {s.split for s in few} == {"train", "validation", "test"}
        face = many[0].faces[0]
        assert face.scheme == "ibug-68"
        assert face.rotation is not None
        assert face.points_in_image is not None
        assert projection_error(face.rotation, face.points_in_image) < 1e-6
        assert face.box == few[0].faces[0].box

    def test_a_rotation_that_misses_the_points_is_believed_in_tests_alone(
        self, tmp_path: Path
    ) -> None:
        other = labelled(-30, 60, 45)[1]
        for index in range(40):
            aflw(tmp_path / "aflw2000_3d", f"image{index:05d}", Pose_Para=other)
        samples = datasets.load("aflw2000_3d_68", tmp_path)
        known = {s.split: {t.faces[0].rotation is not None for t in samples if t.split == s.split}
                 for s in samples}  # fmt: skip
        assert known == {"train": {False}, "validation": {False}, "test": {True}}
        assert rejected(samples)

    def test_faces_without_21_points_are_counted_by_preparation(self, tmp_path: Path) -> None:
        root = tmp_path / "aflw2000_3d"
        aflw(root, "image00002")
        aflw(root, "image00004", np.full((2, 68), 200.0))
        samples = datasets.load("aflw2000_3d", tmp_path)
        assert [why for _, why in rejected(samples)] == ["pt2d has 68 points, not 21"]
        manifest = prepare(samples, "aflw-21", tmp_path / "out")
        assert manifest["faces"] == 1
        assert manifest["rejected"] == {"no box or no aflw-21 points": 1}
        assert manifest["rejected_by_the_loader"] == {"pt2d has 68 points, not 21": 1}

    @pytest.mark.parametrize(
        ("changed", "message"),
        [
            ({"pt3d_68": np.ones((3, 67))}, r"image00002\.mat holds points \(3, 67\)"),
            ({"pt3d_68": np.full((3, 68), np.nan)}, "expected finite"),
            ({"Pose_Para": np.ones((1, 6))}, "Pose_Para of 6 numbers"),
        ],
    )
    def test_wrong_labels_are_named(self, tmp_path: Path, changed: Any, message: str) -> None:
        aflw(tmp_path / "aflw2000_3d", "image00002", **changed)
        with pytest.raises(ValueError, match=message):
            datasets.load("aflw2000_3d", tmp_path)

    def test_a_missing_array_is_named(self, tmp_path: Path) -> None:
        write(tmp_path / "aflw2000_3d" / "image00002.mat", pt2d=np.ones((2, 21)))
        with pytest.raises(ValueError, match="has no pt3d_68"):
            datasets.load("aflw2000_3d", tmp_path)

    def test_a_file_that_is_no_mat_is_named(self, tmp_path: Path) -> None:
        file = tmp_path / "aflw2000_3d" / "image00002.mat"
        file.parent.mkdir()
        file.write_text("<html>quota exceeded</html>" * 20)
        with pytest.raises(ValueError, match=r"image00002\.mat cannot be read"):
            datasets.load("aflw2000_3d", tmp_path)

    def test_a_missing_picture_and_an_empty_folder_are_named(self, tmp_path: Path) -> None:
        root = tmp_path / "aflw2000_3d"
        root.mkdir()
        with pytest.raises(FileNotFoundError, match=r"unpack AFLW2000-3D\.zip there"):
            datasets.load("aflw2000_3d", tmp_path)
        aflw(root, "image00002")
        (root / "image00002.jpg").unlink()
        with pytest.raises(FileNotFoundError, match=r"image00002\.jpg is missing"):
            datasets.load("aflw2000_3d", tmp_path)

    def test_another_archive_under_the_published_name_is_refused(self, tmp_path: Path) -> None:
        aflw(tmp_path / "aflw2000_3d", "image00002")
        (tmp_path / "aflw2000_3d" / "AFLW2000-3D.zip").write_bytes(b"half of it")
        with pytest.raises(ValueError, match="not the published archive"):
            datasets.load("aflw2000_3d", tmp_path)


@pytest.mark.parametrize(
    "angles", [(0, 0, 0), (30, 0, 0), (0, -60, 0), (0, 0, 40), (25, 65, -20), (-40, -80, 30)]
)
def test_the_order_of_the_angles_is_that_which_projects(
    tmp_path: Path, angles: tuple[float, float, float]
) -> None:
    points, pose, expected = labelled(*angles)
    write(tmp_path / "aflw2000_3d/image00002.mat", pt3d_68=points, Pose_Para=pose)
    rotation = datasets.load("aflw2000_3d_68", tmp_path)[0].faces[0].rotation
    assert rotation is not None
    np.testing.assert_allclose(rotation, expected, atol=1e-9)
    np.testing.assert_allclose(np.ravel(to_300w_lp(rotation)), angles, atol=1e-6)
    assert projection_error(rotation, points[:2].T) < 1e-6
    if all(angles):  # where a single angle turns, every order is right
        for order in ("ZYX", "YXZ", "XZY", "ZXY", "YZX"):
            by_axis = dict(zip("XYZ", (-angles[0], angles[1], angles[2]), strict=True))
            turns = [by_axis[axis] for axis in order]
            other = Rotation.from_euler(order, turns, degrees=True).as_matrix()
            assert projection_error(other, points[:2].T) > 0.05


class Test300wLp:
    NAMES = ("AFW_134212_1", "HELEN_100032540_1", "IBUG_image_003_1", "LFPW_image_train_0001")

    def write(self, root: Path, name: str, view: int, yaw: float) -> Array:
        """A view and its mirror image, with the points of `landmarks/`; returns the points."""
        folder, stem = name.split("_", maxsplit=1)[0], f"{name}_{view}"
        points, pose, _ = labelled(5, yaw, 10)
        # What pt2d holds must not matter: LFPW's counts from the bottom of the picture.
        write(root / folder / f"{stem}.mat", pt2d=SIDE - points[:2], Pose_Para=pose)
        _, mirrored, _ = labelled(5, -yaw, -10)
        write(root / f"{folder}_Flip" / f"{stem}.mat", pt2d=points[:2], Pose_Para=mirrored)
        write(root / "landmarks" / folder / f"{stem}_pts.mat", pts_2d=points[:2].T)
        return points[:2].T

    def test_views_and_mirror_images(self, tmp_path: Path) -> None:
        points = self.write(tmp_path / "w300_lp" / "300W_LP", self.NAMES[1], 0, 30)
        plain, mirrored = datasets.load("w300_lp", tmp_path)
        face, other = plain.faces[0], mirrored.faces[0]
        assert (face.tags["mirrored"], other.tags["mirrored"]) == ("no", "yes")
        assert face.tags["subset"] == other.tags["subset"] == "helen"
        assert face.points_in_image is not None
        assert other.points_in_image is not None
        np.testing.assert_allclose(face.points_in_image, points, atol=1e-4)
        # The subject's right eye is the left one of the mirror image.
        np.testing.assert_allclose(other.points_in_image[45], [SIDE - 1, 0] + points[36] * [-1, 1])
        assert face.rotation is not None
        assert other.rotation is not None
        assert geodesic_degrees(other.rotation, mirror(face.rotation)) < 1e-6
        assert projection_error(other.rotation, other.points_in_image) < 0.02

    def test_views_of_a_photograph_stay_in_one_split(self, tmp_path: Path) -> None:
        for number in range(60):
            for view in range(2):
                self.write(tmp_path / "w300_lp", f"AFW_{number}_1", view, 20.0 * view)
        for name in (*self.NAMES[1:], "LFPW_image_test_0001"):
            self.write(tmp_path / "w300_lp", name, 0, 0.0)
        samples = datasets.load("w300_lp", tmp_path)
        assert len(samples) == 4 * 60 + 2 * 4
        found = splits(samples)
        assert all(len(parts) == 1 for parts in found.values())
        assert found["300w:ibug/image_003"] == found["300w:lfpw/test/0001"] == {"test"}
        assert found["300w:lfpw/train/0001"] <= {"train", "validation"}
        assert {sample.split for sample in samples} == {"train", "validation", "test"}

    def test_a_rotation_that_misses_the_points_is_left_out(self, tmp_path: Path) -> None:
        self.write(tmp_path / "w300_lp", self.NAMES[0], 0, 50)
        _, wrong, _ = labelled(5, -50, 10)
        file = tmp_path / "w300_lp/AFW/AFW_134212_1_0.mat"
        write(file, pt2d=np.ones((2, 68)), Pose_Para=wrong)
        face = datasets.load("w300_lp", tmp_path)[0].faces[0]
        assert face.rotation is None
        assert face.points_in_image is not None
        samples = datasets.load("w300_lp", tmp_path)
        # The mirror image has a right label.
        assert [why for _, why in rejected(samples)] == [
            "the labelled rotation misses the points by more than 25%"
        ]

    def test_what_is_judged_stays_as_it_was_published(self, tmp_path: Path) -> None:
        _, wrong, expected = labelled(5, -50, 10)
        for name in (self.NAMES[2], "LFPW_image_test_0001"):
            self.write(tmp_path / "w300_lp", name, 0, 50)
            file = tmp_path / f"w300_lp/{name[:4]}/{name}_0.mat"
            write(file, pt2d=np.ones((2, 68)), Pose_Para=wrong)
            sample = next(s for s in datasets.load("w300_lp", tmp_path) if s.path.stem in str(file))
            assert sample.split == "test"
            rotation = sample.faces[0].rotation
            assert rotation is not None
            np.testing.assert_allclose(rotation, expected, atol=1e-9)

    def test_errors_name_file_and_remedy(self, tmp_path: Path) -> None:
        root = tmp_path / "w300_lp"
        root.mkdir()
        with pytest.raises(FileNotFoundError, match="unpack the archive there"):
            datasets.load("w300_lp", tmp_path)
        self.write(root, self.NAMES[0], 0, 0)
        (root / "landmarks/AFW/AFW_134212_1_0_pts.mat").unlink()
        with pytest.raises(FileNotFoundError, match=r"AFW_134212_1_0_pts\.mat is missing"):
            datasets.load("w300_lp", tmp_path)

    def test_the_files_of_300w_3d_are_not_taken_for_it(self, tmp_path: Path) -> None:
        write(tmp_path / "w300_lp/HELEN/100032540_1.mat", Pose_Para=np.zeros((1, 7)))
        with pytest.raises(ValueError, match="is it 300W-LP"):
            datasets.load("w300_lp", tmp_path)


class Test300w3d:
    def test_points_that_count_from_the_bottom_are_turned_over(self, tmp_path: Path) -> None:
        points, pose, rotation = labelled(-10, 25, 15)
        bottom = points[:2].copy()
        bottom[1] = SIDE - 1 - bottom[1]
        write(tmp_path / "w300_3d/HELEN/100032540_1.mat", pt2d=points[:2], Pose_Para=pose)
        write(tmp_path / "w300_3d/LFPW/image_test_0001.mat", pt2d=bottom, Pose_Para=pose)
        helen, lfpw = datasets.load("w300_3d", tmp_path)
        for sample in (helen, lfpw):
            face = sample.faces[0]
            assert face.points_in_image is not None
            assert face.rotation is not None
            np.testing.assert_allclose(face.points_in_image, points[:2].T, atol=1e-3)
            np.testing.assert_allclose(face.rotation, rotation, atol=1e-9)
        assert helen.subject == "300w:helen/100032540"
        assert (lfpw.subject, lfpw.split) == ("300w:lfpw/test/0001", "test")

    def test_a_wrong_count_of_points_is_named(self, tmp_path: Path) -> None:
        write(tmp_path / "w300_3d/AFW/1_1.mat", pt2d=np.ones((2, 21)), Pose_Para=np.zeros((1, 7)))
        with pytest.raises(ValueError, match=r"1_1\.mat holds points \(2, 21\)"):
            datasets.load("w300_3d", tmp_path)
