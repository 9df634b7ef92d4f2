"""Rendered and profiled samples as data sets: splits, subjects, terms, what training gets."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from app.face.geometry import face_box
from tests.training.made_up_series import SIZE, OpenMadeUp
from training.datasets import profiled
from training.datasets.renders import SOURCE, load, prepared_from_shards, samples
from training.images import read_rgb
from training.splits import validation_by_subject
from training.synthetic.shards import write_samples

FACTS = {"source": "renders", "edition": "free", "terms": "none"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("renders")
    write_samples(OpenMadeUp(), {"seed": 1}, FACTS, out, 1050)
    return out


def test_renders_load_like_any_other_set(folder: Path) -> None:
    samples = list(load(folder))
    render = OpenMadeUp()()

    assert len(samples) == 1050
    sample = samples[1013]
    expected = render(1013)
    np.testing.assert_array_equal(read_rgb(sample.path), expected.image)
    (face,) = sample.faces
    assert face.scheme == "ibug-68"
    assert face.tags["glasses"] == "sun"
    assert face.points_in_image is not None
    np.testing.assert_allclose(face.points_in_image, expected.label.points, rtol=1e-6)
    held_out = sum(sample.split == "validation" for sample in samples)
    assert 25 < held_out < 85


def test_profiled_photographs_do_not_pass_for_free_renders(tmp_path: Path) -> None:
    facts = FACTS | {"source": "profiled", "edition": "research"}
    write_samples(OpenMadeUp(), {"seed": 1}, facts, tmp_path, 2)

    with pytest.raises(ValueError, match="profiled"):
        list(load(tmp_path))
    assert [sample.source for sample in profiled.load(tmp_path)] == ["profiled"] * 2


def _write_profiled(out: Path, tags: Mapping[str, str]) -> None:
    facts = FACTS | {"source": "profiled", "edition": "research"}
    write_samples(OpenMadeUp(tags=tags), {"seed": 1}, facts, out, 40)


def test_profiled_photographs_are_for_training_under_their_own_subject(tmp_path: Path) -> None:
    _write_profiled(tmp_path, {"photograph": "ytf68/frame", "subject": "ytf:7"})

    samples = list(profiled.load(tmp_path))
    assert {(sample.subject, sample.split) for sample in samples} == {("ytf:7", "train")}
    prepared = prepared_from_shards(tmp_path, "ibug-68")
    assert set(prepared.subject) == {"ytf:7"}
    assert set(prepared.split) == {"train"}


def test_a_folder_made_before_subjects_were_stored_is_for_training_too(tmp_path: Path) -> None:
    # By its hash this name was validation.
    name = next(
        f"w300/{k}" for k in range(200) if validation_by_subject(f"w300/{k}", 20) != "train"
    )
    _write_profiled(tmp_path, {"photograph": name})

    assert {(s.subject, s.split) for s in profiled.load(tmp_path)} == {(name, "train")}
    assert set(prepared_from_shards(tmp_path, "five").split) == {"train"}


def test_pupils_of_profiled_photographs_are_not_seen(tmp_path: Path, folder: Path) -> None:
    _write_profiled(tmp_path, {"photograph": "w300/a", "subject": "a.png"})

    seen = prepared_from_shards(tmp_path, "muct-76").seen
    assert seen.shape == (40, 76)
    assert set(np.flatnonzero(~seen.any(axis=0))) == {31, 36}
    assert np.delete(seen, [31, 36], axis=1).all()
    for scheme in ("ibug-68", "aflw-21", "five"):
        assert prepared_from_shards(tmp_path, scheme).seen.all()
    assert prepared_from_shards(folder, "muct-76").seen.all()


@pytest.mark.parametrize(("scheme", "count"), [("ibug-68", 68), ("muct-76", 76), ("five", 5)])
def test_renders_feed_training_as_they_are(folder: Path, scheme: str, count: int) -> None:
    prepared = prepared_from_shards(folder, scheme)
    expected = OpenMadeUp()()(17)

    assert prepared.pixels.shape == (1050, SIZE, SIZE, 3)
    assert prepared.points.shape == (1050, count, 2)
    assert set(prepared.source) == {SOURCE.name}
    np.testing.assert_array_equal(prepared.pixels[17], expected.image)
    box = face_box(expected.label.points)
    np.testing.assert_allclose(prepared.boxes[17], (box.x, box.y, box.width, box.height), rtol=1e-5)


def test_samples_of_another_scheme_keep_the_box_and_the_rotation(folder: Path) -> None:
    plain, other = (list(samples(folder, SOURCE.name, name))[17] for name in ("ibug-68", "aflw-21"))
    (of_68,), (of_21,) = plain.faces, other.faces
    assert (of_21.scheme, of_21.box) == ("aflw-21", of_68.box)
    prepared = prepared_from_shards(folder, "aflw-21")
    assert of_21.points_in_image is not None
    np.testing.assert_allclose(of_21.points_in_image, prepared.points[17])
    assert of_68.rotation is not None
    np.testing.assert_allclose(prepared.rotation[17], of_68.rotation, atol=1e-6)


def test_a_scheme_without_labels_is_refused_by_name(folder: Path) -> None:
    with pytest.raises(ValueError, match="ibug-98"):
        prepared_from_shards(folder, "ibug-98")


def test_a_folder_without_renders_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="python -m training render"):
        list(load(tmp_path))
