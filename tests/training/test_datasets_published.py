"""dlib's XML, Biwi, Pointing'04 and the table of points: published layouts, written here."""

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from app.face.rotation import to_300w_lp, to_euler
from tests.training.tiny_sets import write_ibug_large
from training import datasets
from training.datasets import biwi, pointing04, points_and_angles

IMAGE = np.full((48, 64, 3), 128, np.uint8)


def picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), IMAGE)


class TestIbug300wLarge:
    def test_points_come_in_the_order_of_their_names(self, tmp_path: Path) -> None:
        root = tmp_path / "ibug_300w_large"
        write_ibug_large(root, ["lfpw/trainset/image_0457.png"])
        write_ibug_large(root, ["helen/testset/30427236_1.jpg"], test=True)
        train, test = datasets.load("ibug_300w_large", tmp_path)
        (face,) = train.faces
        assert face.points_in_image is not None
        np.testing.assert_array_equal(face.points_in_image[[0, 67]], [[10, 200], [77, 133]])
        assert face.tags == {"dlib_box": "74,78,138,140"}
        assert face.box is not None
        assert (face.box.x, face.box.width) == (10, 67)
        assert train.path == root / "lfpw/trainset/image_0457.png"
        assert (train.split in {"train", "validation"}, test.split) == (True, "test")

    def test_photographs_that_either_holds_out_are_test_with_their_mirror_images(
        self, tmp_path: Path
    ) -> None:
        root = tmp_path / "ibug_300w_large"
        many = [f"afw/{n}_1{suffix}.jpg" for n in range(40) for suffix in ("", "_mirror")]
        write_ibug_large(root, [*many, "lfpw/testset/image_0001.png", "afw/99_1.jpg"])
        write_ibug_large(root, ["afw/99_2.jpg", "helen/trainset/7_1_mirror.jpg"], test=True)
        samples = datasets.load("ibug_300w_large", tmp_path)
        found: dict[str, set[str]] = {}
        for sample in samples:
            found.setdefault(sample.subject, set()).add(sample.split)
        assert all(len(parts) == 1 for parts in found.values())
        assert {name for name, parts in found.items() if parts == {"test"}} == {
            "300w:lfpw/test/0001",
            "300w:afw/99",
            "300w:helen/7",
        }
        assert len([s for s in samples if s.subject == "300w:afw/3"]) == 2

    def test_errors_name_file_and_remedy(self, tmp_path: Path) -> None:
        root = tmp_path / "ibug_300w_large"
        train = write_ibug_large(root, ["afw/1_1.jpg"])
        with pytest.raises(FileNotFoundError, match="unpack ibug_300W_large"):
            datasets.load("ibug_300w_large", tmp_path)
        write_ibug_large(root, ["afw/2_1.jpg"], test=True)
        (root / "afw/2_1.jpg").unlink()
        with pytest.raises(FileNotFoundError, match=r"2_1\.jpg is missing, though labels_ibug"):
            datasets.load("ibug_300w_large", tmp_path)
        write_ibug_large(root, ["afw/2_1.jpg"], parts=67, test=True)
        with pytest.raises(ValueError, match=r"gives 2_1\.jpg 67 parts, expected 00 to 67"):
            datasets.load("ibug_300w_large", tmp_path)
        train.write_text(train.read_text()[:300])
        with pytest.raises(ValueError, match=r"train\.xml is not XML"):
            datasets.load("ibug_300w_large", tmp_path)


class TestBiwi:
    # The calibration that the set's own files hold.
    TURN = (
        (0.999947, 0.00432361, 0.00929419),
        (-0.00446314, 0.999877, 0.0150443),
        (-0.009228, -0.015085, 0.999844),
    )
    SHIFT = (-24.0198, 5.8896, -13.2308)

    def write(self, folder: Path, frame: int, rotation: Rotation, centre: list[float]) -> Path:
        stem = folder / f"frame_{frame:05d}"
        picture(stem.with_name(f"{stem.name}_rgb.png"))
        rows = "".join(" ".join(f"{v:.9g}" for v in row) + " \n" for row in rotation.as_matrix())
        pose = stem.with_name(f"{stem.name}_pose.txt")
        pose.write_text(rows + "\n" + " ".join(f"{v:g}" for v in centre) + " \n")
        turn = "".join(" ".join(map(str, row)) + " \n" for row in self.TURN)
        (folder / "rgb.cal").write_text(
            "517.679 0 320 \n0 517.679 240.5 \n0 0 1 \n\n0 0 0 0 \n\n"
            f"{turn}\n{' '.join(map(str, self.SHIFT))} \n\n640 480 \n"
        )
        return pose

    def test_rotation_and_centre_are_those_of_the_colour_camera(self, tmp_path: Path) -> None:
        # In a frame with y down and z away, a turn about y by +40 shows the face to the image's
        # left, a turn about x by +20 down, a turn about z by +10 clockwise.
        head = Rotation.from_euler("YXZ", [40, 20, 10], degrees=True)
        centre = [43.4, -30.7, 906.9]
        self.write(tmp_path / "biwi/hpdb/01", 3, head, centre)
        (sample,) = datasets.load("biwi", tmp_path)
        (face,) = sample.faces
        assert face.rotation is not None
        camera = Rotation.from_matrix(self.TURN)
        np.testing.assert_allclose(face.rotation, (camera * head).as_matrix(), atol=1e-5)
        yaw, pitch, roll = np.ravel(to_euler(camera.inv().as_matrix() @ face.rotation))
        np.testing.assert_allclose([yaw, pitch, roll], [-40, -20, 10], atol=1e-3)
        assert face.box is None
        seen = camera.apply(centre) + self.SHIFT
        in_mm = [float(v) for v in face.tags["centre_mm"].split()]
        np.testing.assert_allclose(in_mm, seen, atol=0.06)
        u, v = (float(value) for value in face.tags["centre_in_image"].split())
        assert u == pytest.approx(320 + 517.679 * seen[0] / seen[2], abs=0.06)
        assert v == pytest.approx(240.5 + 517.679 * seen[1] / seen[2], abs=0.06)
        assert sample.split == "test"

    def test_angles_agree_with_how_the_set_is_read_in_public(self, tmp_path: Path) -> None:
        """deep-head-pose takes roll from (1, 0), (0, 0), yaw and pitch, which it turns round, from
        the last row; for one turn at a time any order of angles gives the same.
        """
        for turn in ([25, 0, 0], [0, 25, 0], [0, 0, 25]):
            r = Rotation.from_euler("xyz", turn, degrees=True).as_matrix()
            theirs = [
                -np.degrees(np.arctan2(r[2, 1], r[2, 2])),
                np.degrees(np.arctan2(-r[2, 0], np.hypot(r[2, 1], r[2, 2]))),
                np.degrees(np.arctan2(r[1, 0], r[0, 0])),
            ]
            file = self.write(tmp_path, 3, Rotation.from_matrix(r), [0, 0, 1000])
            np.testing.assert_allclose(
                np.ravel(to_300w_lp(biwi.read_pose(file)[0])), theirs, atol=1e-5
            )

    def test_who_was_recorded_twice_is_one_subject(self, tmp_path: Path) -> None:
        for number in range(1, 25):
            self.write(tmp_path / f"biwi/{number:02d}", 3, Rotation.identity(), [0, 0, 900])
        samples = datasets.load("biwi", tmp_path)
        assert len(samples) == 24
        assert len({sample.subject for sample in samples}) == 20

    def test_errors_name_file_and_remedy(self, tmp_path: Path) -> None:
        (tmp_path / "biwi").mkdir()
        with pytest.raises(FileNotFoundError, match=r"unpack kinect_head_pose_db\.tgz"):
            datasets.load("biwi", tmp_path)
        pose = self.write(tmp_path / "biwi/01", 3, Rotation.identity(), [0, 0, 900])
        text = pose.read_text()
        for broken, message in (
            ("1 2 3\n", "holds 3 numbers, expected 12"),
            (text.replace("1", "2", 1), "does not begin with a rotation"),
            (text.replace("1", "one", 1), "holds something that is no number"),
        ):
            pose.write_text(broken)
            with pytest.raises(ValueError, match=f"frame_00003_pose.txt {message}"):
                datasets.load("biwi", tmp_path)
        pose.write_text(text)
        calibration = tmp_path / "biwi/01/rgb.cal"
        calibration.write_text("517 0 320\n0 517 240\n0 0 1\n")
        with pytest.raises(ValueError, match=r"rgb\.cal has 3 lines"):
            datasets.load("biwi", tmp_path)
        calibration.unlink()
        with pytest.raises(FileNotFoundError, match=r"rgb\.cal is missing"):
            datasets.load("biwi", tmp_path)


class TestPointing04Folder:
    def write(self, root: Path, person: int, name: str) -> Path:
        path = root / f"Person{person:02d}" / f"{name}.jpg"
        picture(path)
        box = path.with_suffix(".txt")
        box.write_text(f"{path.name}\n\nFace\n192\n140\n60\n80\n")
        return box

    def test_poses_are_read_from_names_and_boxes_from_the_text(self, tmp_path: Path) -> None:
        root = tmp_path / "pointing04-folder"
        self.write(root, 1, "person01146-15+30")
        picture(root / "Front/personne01146+0+0.jpg")
        (sample,) = datasets.load("pointing04-folder", tmp_path)
        (face,) = sample.faces
        assert face.rotation is not None
        yaw, pitch, roll = pointing04.HABITS[1]  # how the first person sat
        expected = [yaw - 30, pitch - 15, roll]
        np.testing.assert_allclose(np.ravel(to_euler(face.rotation)), expected, atol=1e-9)
        assert face.tags == {"pan": "30", "tilt": "-15", "series": "1"}
        assert face.box is not None
        # The set's box has its middle at (192, 140) and is 60 x 80.
        assert face.box.y == pytest.approx(100 - 0.3 * 80)
        assert face.box.height == pytest.approx(120)

    def test_people_and_splits_are_those_of_the_repacked_set(self, tmp_path: Path) -> None:
        people = (1, 8, 9, 10, 11, 12, 13, 15)
        for person in people:
            for series in (1, 2):
                name = f"person{person:02d}{series}46+0+0"
                self.write(tmp_path / "pointing04-folder", person, name)
        samples = datasets.load("pointing04-folder", tmp_path)
        found = {sample.subject: set[str]() for sample in samples}
        for sample in samples:
            found[sample.subject].add(sample.split)
        expected = ("train", "train", "validation", "validation", "test", "test", "test", "test")
        assert found == {
            f"pointing04:{person}": {split} for person, split in zip(people, expected, strict=True)
        }

    def test_errors_name_file_and_remedy(self, tmp_path: Path) -> None:
        root = tmp_path / "pointing04-folder"
        root.mkdir()
        with pytest.raises(FileNotFoundError, match=r"unpack HeadPoseImageDatabase\.tar\.gz"):
            datasets.load("pointing04-folder", tmp_path)
        box = self.write(root, 1, "person01146-15+30")
        box.write_text("person01146-15+30.jpg\n\nFace\n192\n140\n60\n")
        with pytest.raises(ValueError, match=r"\+30\.txt does not hold three lines and the four"):
            datasets.load("pointing04-folder", tmp_path)
        box.unlink()
        with pytest.raises(FileNotFoundError, match=r"\+30\.txt is missing"):
            datasets.load("pointing04-folder", tmp_path)
        self.write(root, 1, "person01147")
        box.write_text("x\n\nFace\n192\n140\n60\n80\n")
        with pytest.raises(ValueError, match=r"person01147\.jpg is not called like"):
            datasets.load("pointing04-folder", tmp_path)


class TestPointsAndAngles:
    def write(self, root: Path, rows: list[list[object]], header: tuple[str, ...]) -> None:
        root.mkdir(exist_ok=True)
        with (root / points_and_angles.FILE).open("w", newline="") as file:
            csv.writer(file).writerows([header, *rows])

    def row(self, subject: str, *angles: float) -> list[object]:
        return [subject, *np.arange(136).tolist(), *angles]

    def test_points_and_angles_of_a_row(self, tmp_path: Path) -> None:
        header = ("subject", *(f"{a}{i}" for i in range(68) for a in "xy"), "roll", "pitch", "yaw")
        self.write(tmp_path / "points_and_angles", [self.row("Ann", 10, 20, -30)], header)
        (sample,) = datasets.load("points_and_angles", tmp_path)
        (face,) = sample.faces
        assert face.points_in_image is not None
        assert face.rotation is not None
        np.testing.assert_array_equal(face.points_in_image[:2], [[0, 1], [2, 3]])
        expected = Rotation.from_euler("YXZ", [30, -20, 10], degrees=True).as_matrix()
        np.testing.assert_allclose(face.rotation, expected, atol=1e-9)
        assert sample.path.name == "0"

    def test_shares_of_the_splits_and_no_person_in_two(self, tmp_path: Path) -> None:
        rows = [self.row(f"person {n}" if n < 300 else "", 0, 0, 0) for n in range(600)] * 2
        self.write(tmp_path / "points_and_angles", rows, points_and_angles.HEADER)
        samples = datasets.load("points_and_angles", tmp_path)
        found: dict[str, set[str]] = {}
        for sample in samples:
            found.setdefault(sample.subject, set()).add(sample.split)
        assert len(found) == 300 + 600  # rows without a name are somebody of their own
        assert all(len(parts) == 1 for parts in found.values())
        train = sum(sample.split == "train" for sample in samples) / len(samples)
        assert 0.63 < train < 0.77

    @pytest.mark.parametrize(
        ("rows", "header", "message"),
        [
            ([], ("x0", "y0"), "has 2 columns"),
            ([["Ann", 1, 2]], points_and_angles.HEADER, "row 0, holds 3 values, expected 140"),
            (
                [["Ann", *["?"] * 139]],
                points_and_angles.HEADER,
                "row 0, holds something that is no number",
            ),
            ([["Ann", *["nan"] * 139]], points_and_angles.HEADER, "expected 140 finite"),
        ],
    )
    def test_broken_tables(
        self, tmp_path: Path, rows: list[list[object]], header: tuple[str, ...], message: str
    ) -> None:
        self.write(tmp_path / "points_and_angles", rows, header)
        with pytest.raises(ValueError, match=message):
            datasets.load("points_and_angles", tmp_path)

    def test_a_missing_table_is_named_with_its_columns(self, tmp_path: Path) -> None:
        (tmp_path / "points_and_angles").mkdir()
        with pytest.raises(FileNotFoundError, match=r"points_and_angles\.csv is missing"):
            datasets.load("points_and_angles", tmp_path)
