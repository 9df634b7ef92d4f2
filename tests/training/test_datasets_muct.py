"""MUCT in exactly its published layout, written here: jpg/ and muct-landmarks/ with three files."""

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from training import datasets
from training.preparation import prepare

# Width 480, height 640: MUCT's cameras stood upright.
IMAGE = np.full((640, 480, 3), 90, np.uint8)
FILES = ("muct76-opencv.csv", "muct76.csv", "muct76.shape")
HEADER = "name,tag," + ",".join(f"x{i:02d},y{i:02d}" for i in range(76))
Faces = Mapping[str, NDArray[np.float64]]


def made_up_faces(people: int = 1, cameras: str = "a") -> dict[str, NDArray[np.float64]]:
    """Points in Stasm's coordinates, from the middle of the picture, y upward; one is hidden."""
    rng = np.random.default_rng(0)
    names = [f"i{person:03d}q{camera}-fn" for person in range(people) for camera in cameras]
    faces = {name: rng.integers(-150, 150, (76, 2)).astype(float) for name in names}
    for points in faces.values():
        points[5] = 0
        points[6] = (0, 12)
    return faces


def csv_of(faces: Faces) -> str:
    rows = (
        ",".join([name, "0000", *(f"{v:g}" for v in points.ravel())])
        for name, points in faces.items()
    )
    return "\n".join([HEADER, *rows]) + "\n"


def shape_of(faces: Faces) -> str:
    text = "ss muct76.shape\n# comment\n\nDirectories ../images;.\n\n"
    for name, points in faces.items():
        lines = "\n".join(f"{x:g} {y:g}" for x, y in points)
        text += f'"0000 {name}"\n{{ 76 2\n{lines}\n}}\n'
    return text


def write(root: Path, file: str, faces: Faces, pictures: bool = True) -> Path:
    """One label file, with every face's mirror image listed after it, and the pictures."""
    listed: dict[str, NDArray[np.float64]] = {}
    for name, points in faces.items():
        listed |= {name: points, "ir" + name[1:]: points * (-1, 1)}
    if file == FILES[0]:
        seen = {name: (points != 0).any(axis=1) for name, points in listed.items()}
        listed = {
            name: np.where(seen[name][:, None], points * (1, -1) + (240, 320), 0)
            for name, points in listed.items()
        }
    path = root / "muct-landmarks" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(shape_of(listed) if file == FILES[2] else csv_of(listed))
    (root / "jpg").mkdir(exist_ok=True)
    for name in faces if pictures else ():
        assert cv2.imwrite(str(root / "jpg" / f"{name}.jpg"), IMAGE)
    return path


@pytest.mark.parametrize("file", FILES)
def test_each_label_file_gives_the_same_pixels(tmp_path: Path, file: str) -> None:
    faces = made_up_faces()
    write(tmp_path / "muct", file, faces)
    (sample,) = datasets.load("muct", tmp_path)  # the mirror image has no picture
    (face,) = sample.faces
    assert face.scheme == "muct-76"
    assert face.seen is not None
    assert face.points_in_image is not None
    assert np.flatnonzero(~face.seen).tolist() == [5]
    stasm = faces["i000qa-fn"]
    expected = np.column_stack([stasm[:, 0] + 240, 320 - stasm[:, 1]])
    np.testing.assert_allclose(face.points_in_image[face.seen], expected[face.seen])
    assert face.box is not None
    np.testing.assert_allclose(face.points_in_image[5], face.box.centre)
    assert face.tags == {"camera": "a", "light": "q", "gender": "female", "glasses": "no"}
    assert sample.complete


def test_a_hidden_point_does_not_pull_the_box_to_the_corner(tmp_path: Path) -> None:
    faces = made_up_faces()
    write(tmp_path / "muct", FILES[0], faces)
    box = datasets.load("muct", tmp_path)[0].faces[0].box
    assert box is not None
    assert box.x > 80
    manifest = prepare(datasets.load("muct", tmp_path), "muct-76", tmp_path / "out")
    assert manifest["faces"] == 1
    assert np.load(tmp_path / "out/labels.npz")["seen"].sum() == 75


def test_no_person_is_in_two_splits(tmp_path: Path) -> None:
    write(tmp_path / "muct", FILES[0], made_up_faces(people=120, cameras="abcde"))
    samples = datasets.load("muct", tmp_path)
    assert len(samples) == 600
    by_person: dict[str, set[str]] = {}
    for sample in samples:
        by_person.setdefault(sample.subject, set()).add(sample.split)
    assert len(by_person) == 120
    assert all(len(found) == 1 for found in by_person.values())
    shares = {split: sum(s.split == split for s in samples) / 600 for split in ("test", "train")}
    assert 0.2 < shares["test"] < 0.4
    assert 0.5 < shares["train"] < 0.75
    assert "validation" in {sample.split for sample in samples}


class TestErrors:
    def test_a_folder_without_labels(self, tmp_path: Path) -> None:
        (tmp_path / "muct/jpg").mkdir(parents=True)
        with pytest.raises(FileNotFoundError, match=r"unpack muct-landmarks-v1\.tar\.gz"):
            datasets.load("muct", tmp_path)

    def test_a_missing_picture_names_the_archive_of_its_camera(self, tmp_path: Path) -> None:
        write(tmp_path / "muct", FILES[0], made_up_faces(cameras="d"), pictures=False)
        with pytest.raises(FileNotFoundError, match=r"qd-fn\.jpg is missing: unpack muct-d-jpg"):
            datasets.load("muct", tmp_path)

    @pytest.mark.parametrize(
        ("file", "old", "new", "message"),
        [
            (FILES[0], "name,tag", "id,tag", "does not begin with name,tag"),
            (FILES[0], "fn,0000,", "fn,0000,7,", r"i000qa-fn has 76\.5 points, expected 76"),
            (FILES[1], "fn,0000,", "fn,0000,x,", "something that is no number"),
            (FILES[0], "i000qa-fn", "000qa", "expected a name like i000qa-fn"),
            (FILES[2], "ss muct", "muct", "not a shape file"),
            (FILES[2], "\n0 0\n", "\n", "i000qa-fn has 75 points, expected 76"),
            (FILES[2], "}", "", "ends within ir000qa-fn"),
        ],
    )
    def test_broken_label_files(
        self, tmp_path: Path, file: str, old: str, new: str, message: str
    ) -> None:
        path = write(tmp_path / "muct", file, made_up_faces())
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        with pytest.raises(ValueError, match=message):
            datasets.load("muct", tmp_path)
