"""Data sets in exactly the layout the loaders expect, written here: nothing real is needed."""

import hashlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from app.face.geometry import Box
from app.face.rotation import to_euler
from training import datasets
from training.datasets import pointing04, pts_folder
from training.datasets.facts import Archive, verify_archive
from training.datasets.pointing04 import whole_face_box
from training.datasets.w300_names import photograph
from training.splits import bucket, validation_by_subject

IMAGE = np.full((60, 80, 3), 128, np.uint8)


def write_set(root: Path, names: list[str], **labels: Any) -> None:
    (root / "images").mkdir(parents=True)
    for name in names:
        cv2.imwrite(str(root / "images" / name), IMAGE)
    np.savez(root / "labels.npz", filename=np.array(names), **labels)


def test_an_unknown_set_is_refused_with_the_known_names(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="w300"):
        datasets.load("imagenet", tmp_path)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="wider_sub"):
        datasets.load("wider_sub", tmp_path)


def test_a_folder_without_labels_is_named(tmp_path: Path) -> None:
    (tmp_path / "w300").mkdir()
    with pytest.raises(FileNotFoundError, match=r"labels\.npz"):
        datasets.load("w300", tmp_path)


def test_every_set_is_in_the_table_of_the_documentation() -> None:
    page = (Path(__file__).parents[2] / "docs/training.md").read_text()
    table = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    documented = {name.strip(" `") for cell in table for name in cell.split(",")}
    assert documented.issuperset(datasets.SOURCES)


def test_w300_drops_near_duplicates_and_keeps_photographs_in_one_split(tmp_path: Path) -> None:
    names = ["lfpw_train_image_0001", "lfpw_train_image_0002", "lfpw_test_image_0001"]
    names += [f"afw_train_{number}_{face}" for number in range(100, 200) for face in (1, 2)]
    points = np.random.default_rng(0).uniform(10, 50, (len(names), 68, 2)).astype(np.float32)
    write_set(
        tmp_path / "w300",
        [f"{name}.jpg" for name in names],
        landmarks=points,
        split=np.array([name.split("_")[1] for name in names]),
        subset=np.array([name.split("_")[0] for name in names]),
        near_dup_of_test=np.arange(len(names)) == 1,
    )
    samples = datasets.load("w300", tmp_path)
    assert [sample.path.stem for sample in samples] == [names[0], *names[2:]]
    assert [sample.split for sample in samples].count("test") == 1
    assert samples[1].split == "test"
    assert samples[1].subject != samples[0].subject
    np.testing.assert_array_equal(samples[0].faces[0].points_in_image, points[0])
    splits_of = {sample.subject: set[str]() for sample in samples}
    for sample in samples:
        splits_of[sample.subject].add(sample.split)
    assert len(splits_of) == 102
    assert all(len(splits) == 1 for splits in splits_of.values())
    assert {"validation"} in splits_of.values()


def test_ytf_labels_move_by_one_pixel_and_persons_stay_together(tmp_path: Path) -> None:
    points = np.random.default_rng(0).integers(10, 50, (2, 68, 2)).astype(np.float32)
    write_set(
        tmp_path / "ytf68",
        ["a.jpg", "b.jpg"],
        landmarks=points,
        split=np.array(["train", "val"]),
        identity=np.array(["A", "B"]),
    )
    train, held_out = datasets.load("ytf68", tmp_path)
    np.testing.assert_array_equal(train.faces[0].points_in_image, points[0] - 1)
    assert (train.split, held_out.split) == ("train", "validation")
    assert train.subject != held_out.subject


def test_wider_cuts_the_flat_list_of_boxes_by_offset(tmp_path: Path) -> None:
    boxes = np.array([[1, 2, 10, 12], [5, 5, 0, 4], [7, 8, 9, 10]], np.float32)
    flags = np.zeros((3, 6), np.int8)
    flags[2, 3] = 1
    write_set(
        tmp_path / "wider_sub",
        ["a.jpg", "b.jpg"],
        boxes_xywh=boxes,
        attrs_blur_expr_illum_invalid_occl_pose=flags,
        offset=np.array([0, 2, 3]),
        split=np.array(["train", "val"]),
    )
    first, second = datasets.load("wider_sub", tmp_path)
    assert len(first.faces) == 1, "the box of zero width is dropped"
    box = first.faces[0].box
    assert box is not None
    assert (box.x, box.y, box.width, box.height) == (0.5, 1.5, 10, 12)
    assert second.split == "test"
    assert second.faces[0].ignore
    assert not first.faces[0].ignore


def test_pointing04_turns_its_pan_into_our_yaw(tmp_path: Path) -> None:
    write_set(
        tmp_path / "pointing04",
        ["a.jpg", "b.jpg", "c.jpg"],
        tilt_pan=np.array([[30, 60], [-15, -45], [0, 0]], np.float32),
        face_raw=np.array([[40, 30, 20, 24]] * 3, np.float32),
        identity=np.array([1, 9, 12]),
        series=np.array([1, 1, 2]),
    )
    samples = datasets.load("pointing04", tmp_path)
    assert [sample.split for sample in samples] == ["train", "validation", "test"]
    rotation = samples[0].faces[0].rotation
    assert rotation is not None
    # pan > 0: nose to the image's left, so yaw < 0; tilt > 0 looks up, so pitch > 0. How the person
    # sat comes on top where the label is for training.
    expected = np.add([-60, 30, 0], pointing04.HABITS[1])
    np.testing.assert_allclose(np.ravel(to_euler(rotation)), expected, atol=1e-6)
    for sample, label in zip(samples[1:], ([45, -15, 0], [0, 0, 0]), strict=True):
        own = sample.faces[0].rotation
        assert own is not None
        np.testing.assert_allclose(np.ravel(to_euler(own)), label, atol=1e-6)
    facing = rotation @ [0, 0, -1]
    assert facing[0] < 0
    assert facing[1] < 0
    box = samples[0].faces[0].box
    assert box is not None
    # The set's own box (30, 18, 20, 24) holds brows to mouth; the whole face is higher, and as the
    # nose points left, it reaches further to the right.
    assert box.y < 18
    assert box.y + box.height > 42
    assert box.x + box.width - 50 > 30 - box.x


@pytest.mark.parametrize(("pan", "side"), [(90.0, "right"), (-90.0, "left")])
def test_profile_boxes_grow_towards_the_ear(pan: float, side: str) -> None:
    grown = whole_face_box(Box(100.0, 100.0, 50.0, 80.0), pan)
    assert grown.height == pytest.approx(120)
    left, right = 100 - grown.x, grown.x + grown.width - 150
    assert (right if side == "right" else left) == pytest.approx(46)
    assert (left if side == "right" else right) == pytest.approx(0)


def test_mtfl_gives_points_attributes_and_no_invented_box(tmp_path: Path) -> None:
    write_set(
        tmp_path / "mtfl80",
        ["lfw__Ann_Lee_0001.jpg", "lfw__Ann_Lee_0002.jpg"],
        landmarks5=np.ones((2, 5, 2), np.float32),
        attr_gender_smile_glasses_pose=np.array([[2, 1, 1, 3], [2, 2, 2, 4]], np.int8),
    )
    first, second = datasets.load("mtfl80", tmp_path)
    assert first.faces[0].box is None
    assert first.faces[0].tags == {
        "gender": "female",
        "smile": "yes",
        "glasses": "yes",
        "yaw_class": "3",
    }
    assert first.subject == second.subject
    assert first.split == second.split


def test_negatives_have_no_faces_and_three_splits(tmp_path: Path) -> None:
    names = [f"{index}.jpg" for index in range(64)]
    write_set(tmp_path / "negatives", names)
    samples = datasets.load("negatives", tmp_path)
    assert all(sample.faces == () and sample.complete for sample in samples)
    assert {sample.split for sample in samples} == {"train", "validation", "test"}


def test_dlib_examples_gather_the_faces_of_a_photograph(tmp_path: Path) -> None:
    points = np.random.default_rng(0).uniform(10, 50, (3, 68, 2)).astype(np.float32)
    write_set(tmp_path / "dlib_examples", ["b.jpg", "a.jpg", "b.jpg"], landmarks=points)
    first, second = datasets.load("dlib_examples", tmp_path)
    assert (first.path.name, len(first.faces)) == ("a.jpg", 1)
    assert (second.path.name, len(second.faces)) == ("b.jpg", 2)
    assert {first.split, second.split} == {"test"}


class TestPtsFolder:
    TEXT = (
        "version: 1\nn_points: 68\n{\n"
        + "".join(f"{i + 1}.5 {i + 2}.25\n" for i in range(68))
        + "}\n"
    )

    def write(self, root: Path, name: str, text: str) -> Path:
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        cv2.imwrite(str(file.with_suffix(".png")), IMAGE)
        return file

    def test_counts_from_zero(self, tmp_path: Path) -> None:
        points = pts_folder.read_pts(self.write(tmp_path, "afw/1.pts", self.TEXT))
        assert points.shape == (68, 2)
        np.testing.assert_allclose(points[0], [0.5, 1.25])

    def test_walks_the_published_folders(self, tmp_path: Path) -> None:
        names = (
            "afw/134212_1",
            "helen/trainset/100032540_1",
            "lfpw/trainset/image_0001",
            "01_Indoor/indoor_001",
            "helen/testset/30427236_1",
            "ibug/image_003_1",
            "lfpw/testset/image_0001",
        )
        for name in names:
            self.write(tmp_path, f"{name}.pts", self.TEXT)
        samples = {
            sample.path.relative_to(tmp_path).with_suffix("").as_posix(): sample
            for sample in pts_folder.load(tmp_path)
        }
        assert samples.keys() == set(names)
        assert all(samples[name].split in {"train", "validation"} for name in names[:3])
        assert all(samples[name].split == "test" for name in names[3:])
        assert samples["lfpw/trainset/image_0001"].subject == "300w:lfpw/train/0001"
        assert len({sample.subject for sample in samples.values()}) == len(names)

    def test_faces_of_one_photograph_stay_in_one_split(self, tmp_path: Path) -> None:
        for number in range(40):
            for face in (1, 2):
                self.write(tmp_path, f"afw/{number}_{face}.pts", self.TEXT)
        found: dict[str, set[str]] = {}
        for sample in pts_folder.load(tmp_path):
            found.setdefault(sample.subject, set()).add(sample.split)
        assert len(found) == 40
        assert all(len(splits) == 1 for splits in found.values())

    def test_names_that_lfpw_does_not_have_are_refused(self, tmp_path: Path) -> None:
        self.write(tmp_path, "lfpw/trainset/3.pts", self.TEXT)
        with pytest.raises(ValueError, match="LFPW has no photograph '3'"):
            list(pts_folder.load(tmp_path))

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("version: 1\n", "no { ... } block"),
            ("{\n1 2\n}", "1 points"),
            ("{\na b\n}", "no number"),
        ],
    )
    def test_broken_files_are_named(self, tmp_path: Path, text: str, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            pts_folder.read_pts(self.write(tmp_path, "4.pts", text))

    def test_a_missing_image_is_named(self, tmp_path: Path) -> None:
        self.write(tmp_path, "5.pts", self.TEXT).with_suffix(".png").unlink()
        with pytest.raises(FileNotFoundError, match=r"5\.pts"):
            list(pts_folder.load(tmp_path))

    def test_an_empty_folder_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError, match="unpack 300-W"):
            list(pts_folder.load(tmp_path))


@pytest.mark.parametrize(
    ("subject", "names"),
    [
        ("300w:afw/134212", [("afw", "134212_1"), ("AFW", "134212_2"), ("afw", "134212_1_mirror")]),
        ("300w:helen/100032540", [("helen", "100032540_1"), ("HELEN", "100032540_1")]),
        ("300w:ibug/image_003", [("ibug", "image_003_1")]),
        ("300w:lfpw/train/0457", [("lfpw", "image_0457"), ("LFPW", "image_train_0457")]),
    ],
)
def test_copies_of_300w_agree_on_the_photograph(subject: str, names: list[tuple[str, str]]) -> None:
    shown = {photograph(*name) for name in names}
    assert {one.subject for one in shown} == {subject}
    assert len({one.split for one in shown}) == 1


def test_the_published_archive_is_recognised(tmp_path: Path) -> None:
    archive = Archive("set.zip", hashlib.sha256(b"all of it").hexdigest())
    verify_archive(tmp_path, archive)  # not there any more
    (tmp_path / "set.zip").write_bytes(b"all of it")
    verify_archive(tmp_path, archive)
    (tmp_path / "set.zip").write_bytes(b"half of it")
    with pytest.raises(ValueError, match=r"set\.zip is not the published archive"):
        verify_archive(tmp_path, archive)


def test_splits_depend_on_the_name_alone_and_are_even() -> None:
    parts = [bucket(f"person {index}", 10) for index in range(5000)]
    assert parts == [bucket(f"person {index}", 10) for index in range(5000)]
    counts = np.bincount(parts, minlength=10)
    assert counts.min() > 400
    assert counts.max() < 600
    share = np.mean([validation_by_subject(str(i), one_in=20) == "validation" for i in range(5000)])
    assert 0.03 < share < 0.07
