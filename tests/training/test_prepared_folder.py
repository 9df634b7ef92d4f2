"""A preparation that was interrupted goes on, and says what it made."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.face.geometry import Box
from training import prepared_folder
from training.prepared_folder import Arrays, LeftOut, fill, read, require_splits
from training.samples import FaceSample, ImageSample


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepared_folder, "_PART", 3)


def samples(count: int) -> list[ImageSample]:
    face = FaceSample(box=Box(1, 2, 30, 40))
    return [
        ImageSample("w300", Path(f"{i}.jpg"), (face,), f"person {i // 2}",
                    "validation" if i >= 8 else "train")
        for i in range(count)
    ]  # fmt: skip


class Maker:
    """Makes a face of each sample but of every fifth; breaks when it comes to `breaks_at`."""

    def __init__(self, breaks_at: str = "") -> None:
        self.made: list[str] = []
        self._breaks_at = breaks_at

    def __call__(self, some: Sequence[ImageSample], left_out: LeftOut) -> Arrays | None:
        rows = []
        for sample in some:
            if sample.path.stem == self._breaks_at:
                raise OSError("no more")
            self.made.append(sample.path.stem)
            if int(sample.path.stem) % 5 == 4:
                left_out.append((sample.name, "a fifth"))
            else:
                rows.append(sample)
        if not rows:
            return None
        return {
            "pixels": np.stack([np.full((4, 4, 3), int(r.path.stem), np.uint8) for r in rows]),
            "subject": np.array([row.subject for row in rows]),
            "split": np.array([row.split for row in rows]),
        }


def test_what_was_made_is_not_made_again(tmp_path: Path) -> None:
    first, second = Maker(breaks_at="7"), Maker()
    with pytest.raises(OSError, match="no more"):
        fill(tmp_path, samples(10), first, {})
    with pytest.raises(FileNotFoundError, match="prepare"):
        read(tmp_path)
    manifest = fill(tmp_path, samples(10), second, {})
    assert first.made[:6] == [str(i) for i in range(6)]
    assert second.made == ["6", "7", "8", "9"], "two parts of three were whole"
    faces = read(tmp_path)
    assert faces["pixels"][:, 0, 0, 0].tolist() == [0, 1, 2, 3, 5, 6, 7, 8]
    assert faces["subject"].tolist() == [f"person {i // 2}" for i in (0, 1, 2, 3, 5, 6, 7, 8)]
    assert manifest["rejected"] == {"a fifth": 2}
    assert {path.name for path in tmp_path.iterdir()} == {
        "pixels.npy", "labels.npz", "manifest.json", "rejected.csv",
    }  # fmt: skip
    third = Maker()
    assert fill(tmp_path, samples(10), third, {}) == manifest
    assert third.made == []


@pytest.mark.parametrize("change", ["a label", "a setting", "a split", "what is seen"])
def test_other_labels_or_settings_are_made_anew(tmp_path: Path, change: str) -> None:
    before, maker = samples(6), Maker()
    fill(tmp_path, before, Maker(), {"size": 96})
    after = list(before)
    if change == "a label":
        after[1] = replace(before[1], faces=(FaceSample(box=Box(1, 2, 31, 40)),))
    if change == "what is seen":
        seen = np.array([True, False])
        after[1] = replace(before[1], faces=(replace(before[1].faces[0], seen=seen),))
    if change == "a split":
        after[1] = replace(before[1], split="validation")
    fill(tmp_path, after, maker, {"size": 128 if change == "a setting" else 96})
    assert maker.made == [str(i) for i in range(6)]


def test_the_manifest_says_what_is_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = fill(tmp_path, samples(10), Maker(), {"scheme": "ibug-68"})
    assert manifest["scheme"] == "ibug-68"
    assert manifest["faces"] == 8
    assert manifest["splits"] == {"train": 7, "validation": 1}
    assert manifest["subjects"] == {"train": 4, "validation": 1}
    assert "research" in manifest["licences"]["w300"]
    rejected = (tmp_path / "rejected.csv").read_text().splitlines()
    assert rejected == ["picture,reason", "4.jpg,a fifth", "9.jpg,a fifth"]
    assert f"2 of no use, a fifth: see {tmp_path / 'rejected.csv'}" in capsys.readouterr().err
    content = (tmp_path / "pixels.npy").read_bytes()
    assert manifest["sha256"]["pixels.npy"] == hashlib.sha256(content).hexdigest()


def test_no_face_is_an_error_that_says_why(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a fifth"):
        fill(tmp_path, samples(5)[4:], Maker(), {})


def test_too_few_pictures_are_told_when_they_are_prepared(tmp_path: Path) -> None:
    whole, train, held_out = (tmp_path / name for name in ("whole", "train", "held-out"))
    fill(whole, samples(10), Maker(), {})
    fill(train, samples(3), Maker(), {})
    fill(held_out, samples(10)[8:], Maker(), {})
    require_splits([whole, train])
    require_splits([train], validated=True)
    with pytest.raises(ValueError, match="no face to validate on: prepare more"):
        require_splits([train])
    with pytest.raises(ValueError, match="no face to train on in held-out: prepare more"):
        require_splits([whole, held_out])
