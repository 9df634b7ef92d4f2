"""Files of samples: order, resuming, what is refused; and reading them as a data set."""

import json
from pathlib import Path

import numpy as np
import pytest

from app.face.geometry import face_box
from tests.training.made_up_series import SIZE, OpenMadeUp
from training.datasets import profiled
from training.datasets.renders import SOURCE, load, prepared_from_shards
from training.images import read_rgb
from training.synthetic.columns import columns
from training.synthetic.label_fields import LABEL_FIELDS
from training.synthetic.shard_files import images_path, labels_path, read_shards
from training.synthetic.shards import write_samples
from training.synthetic.workers import WorkerError, in_order

FACTS = {"source": "renders", "edition": "free", "terms": "none"}


def _write(out: Path, count: int, workers: int = 1, seed: int = 1) -> None:
    write_samples(OpenMadeUp(), {"seed": seed}, FACTS, out, count, workers)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("renders")
    _write(out, 1050)
    return out


def test_samples_come_back_as_they_were_rendered(folder: Path) -> None:
    shards = list(read_shards(folder))
    render = OpenMadeUp()()

    assert [len(shard["index"]) for shard in shards] == [1000, 50]
    np.testing.assert_array_equal(np.concatenate([s["index"] for s in shards]), np.arange(1050))
    expected = render(1020)
    np.testing.assert_array_equal(shards[1]["images"][20], expected.image)
    np.testing.assert_array_equal(shards[1]["points"][20], expected.label.points)
    np.testing.assert_array_equal(shards[1]["pose.rotation"][20], np.eye(3))
    assert shards[1]["tag.glasses"][20] == "none"


def test_every_documented_field_is_stored_and_every_stored_field_documented(folder: Path) -> None:
    shard = next(read_shards(folder))
    stored = {name for name in shard if not name.startswith("tag.")}

    assert stored == set(LABEL_FIELDS) | {"images", "index"}
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["count"] == 1050
    assert manifest["fields"] == dict(LABEL_FIELDS)
    assert manifest["edition"] == "free"


def test_complete_shards_are_kept_and_missing_ones_made_again(tmp_path: Path) -> None:
    _write(tmp_path, 1010)
    first = images_path(tmp_path, 0).stat().st_mtime_ns
    before = images_path(tmp_path, 1000).read_bytes()
    labels_path(tmp_path, 1000).unlink()

    _write(tmp_path, 1010)

    assert images_path(tmp_path, 0).stat().st_mtime_ns == first
    assert images_path(tmp_path, 1000).read_bytes() == before
    assert labels_path(tmp_path, 1000).is_file()


def test_a_larger_count_adds_to_a_short_shard(tmp_path: Path) -> None:
    _write(tmp_path, 3)
    _write(tmp_path, 5)

    (shard,) = read_shards(tmp_path)
    np.testing.assert_array_equal(shard["index"], np.arange(5))
    np.testing.assert_array_equal(shard["images"][4], OpenMadeUp()()(4).image)


def test_another_series_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    _write(tmp_path, 2)

    with pytest.raises(ValueError, match="another series"):
        _write(tmp_path, 2, seed=2)


def test_several_processes_make_the_same_samples_in_order() -> None:
    found = list(in_order(OpenMadeUp(), range(7), workers=2))

    for index, sample in enumerate(found):
        np.testing.assert_array_equal(sample.image, OpenMadeUp()()(index).image)


def test_a_failing_process_is_reported_with_its_traceback() -> None:
    with pytest.raises(WorkerError, match="sample 3 broke"):
        list(in_order(OpenMadeUp(fails_at=3), range(6), workers=2))


def test_columns_refuse_rows_that_differ() -> None:
    with pytest.raises(ValueError, match="only 1 of 2 samples"):
        columns([{"a": 1, "b": 2}, {"a": 1}])


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


def test_a_scheme_without_labels_is_refused_by_name(folder: Path) -> None:
    with pytest.raises(ValueError, match="ibug-98"):
        prepared_from_shards(folder, "ibug-98")


def test_a_folder_without_renders_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="python -m training render"):
        list(load(tmp_path))
