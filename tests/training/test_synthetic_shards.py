"""Files of samples: order, resuming, what is refused, what is said of broken ones."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from tests.training.made_up_series import OpenMadeUp
from training.synthetic.columns import columns
from training.synthetic.label_fields import LABEL_FIELDS
from training.synthetic.shard_files import (
    images_path,
    labels_path,
    read_manifest,
    read_shards,
)
from training.synthetic.shards import write_samples
from training.synthetic.workers import WorkerError, in_order

FACTS = {"source": "renders", "edition": "free", "terms": "none"}


def _write(
    out: Path, count: int, workers: int = 1, seed: int = 1, facts: Mapping[str, object] = FACTS
) -> None:
    write_samples(OpenMadeUp(), {"seed": seed}, facts, out, count, workers)


def _edit_manifest(out: Path, **changes: object) -> None:
    path = out / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


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


def test_a_smaller_count_destroys_no_samples(tmp_path: Path) -> None:
    _write(tmp_path, 1005)
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    for count in (3, 1000, 1004):
        with pytest.raises(ValueError, match=r"another --out or a --count of at least 1005"):
            _write(tmp_path, count)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == files


def test_a_stopped_series_may_end_sooner_than_it_was_to(tmp_path: Path) -> None:
    _write(tmp_path, 3)
    _edit_manifest(tmp_path, count=2000)

    _write(tmp_path, 4)

    (shard,) = read_shards(tmp_path)
    assert len(shard["images"]) == 4


def test_another_series_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    _write(tmp_path, 2)

    with pytest.raises(ValueError, match="another series"):
        _write(tmp_path, 2, seed=2)


@pytest.mark.parametrize("other", [{"source": "profiled"}, {"quality": {"grid": (2, 3)}}])
def test_another_source_or_quality_in_the_same_folder_is_refused(
    tmp_path: Path, other: dict[str, object]
) -> None:
    facts = FACTS | {"quality": {"grid": (1, 2)}}
    _write(tmp_path, 2, facts=facts)
    _write(tmp_path, 2, facts=facts)

    with pytest.raises(ValueError, match=f"another series .{next(iter(other))}"):
        _write(tmp_path, 2, facts=facts | other)


def test_labels_of_another_version_are_neither_read_nor_added_to(tmp_path: Path) -> None:
    _write(tmp_path, 2)
    _edit_manifest(tmp_path, label_version=99)

    with pytest.raises(ValueError, match=r"label_version 99.*again into another --out"):
        list(read_shards(tmp_path))
    with pytest.raises(ValueError, match="label_version 99"):
        _write(tmp_path, 3)


@pytest.mark.parametrize(
    ("text", "said"),
    [('{"count": 3', "no JSON"), ("[]", "not of rendered"), ('{"scheme": "five"}', "not of")],
)
def test_a_manifest_of_something_else_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "manifest.json").write_text(text)

    with pytest.raises(ValueError, match=f"{said}.*another --out"):
        read_manifest(tmp_path)


def test_a_file_is_no_folder_for_shards(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")

    with pytest.raises(NotADirectoryError, match="is a file: give a folder"):
        _write(tmp_path / "file", 1)


@pytest.mark.parametrize("part", ["labels", "images", "both"])
def test_a_shard_that_is_not_whole_is_refused_and_made_again(tmp_path: Path, part: str) -> None:
    whole, short = tmp_path / "whole", tmp_path / "short"
    _write(whole, 5)
    _write(short, 3)
    for name, path_of in (("labels", labels_path), ("images", images_path)):
        if part in (name, "both"):
            path_of(short, 0).replace(path_of(whole, 0))

    with pytest.raises(ValueError, match=r"3 samples, not 5.*same `render` command again"):
        list(read_shards(whole))
    _write(whole, 5)
    (shard,) = read_shards(whole)
    np.testing.assert_array_equal(shard["images"][4], OpenMadeUp()()(4).image)


def test_a_missing_file_of_pictures_names_the_command(tmp_path: Path) -> None:
    _write(tmp_path, 2)
    images_path(tmp_path, 0).unlink()

    with pytest.raises(FileNotFoundError, match=r"npy is missing: run the same `render`"):
        list(read_shards(tmp_path))


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
