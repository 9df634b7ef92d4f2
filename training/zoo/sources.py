"""Which of a recipe's data sets are there, and their faces.

A recipe of the zoo names the sets that it was made for and those that stand in for them; it learns
from as many as lie in --data.
"""

import sys
from collections.abc import Collection, Container, Iterable
from dataclasses import replace
from pathlib import Path

from training.datasets import SOURCES, load, points_and_angles, renders
from training.datasets.renders import prepared_from_shards
from training.faces.prepared import SHARDS
from training.faces.rendered import FOLDER as HELD_OUT
from training.preparation import load_prepared, prepare
from training.prepared_faces import PreparedFaces
from training.prepared_folder import limit_of, note_limit, require_splits
from training.samples import ImageSample, some_of, to_learn_from
from training.synthetic.shard_files import read_manifest

WITHOUT_PICTURES = frozenset({points_and_angles.SOURCE.name})


def present(names: Iterable[str], data: Path) -> list[str]:
    """Those whose folder lies in `data`; says which do not. ValueError when none does."""
    names = list(names)
    found = [name for name in names if _folder(name, data).is_dir()]
    if not found:
        raise ValueError(f"{data} holds none of the sets {', '.join(names)}")
    if missing := [name for name in names if name not in found]:
        print(f"not in {data}, so left out: {', '.join(missing)}", file=sys.stderr)
    return found


def held_out_subjects(tests: Collection[str], data: Path) -> frozenset[str]:
    """Who is shown by those of the sets `tests` that lie in `data`.

    300-W exists in several copies, whose splits differ: who is tested on in one of them must not be
    learnt from in another.

    ValueError when none of them lies there: told before the training, not after it.
    """
    if not any(_folder(name, data).is_dir() for name in tests):
        raise ValueError(
            f"{data} holds none of the sets to judge on ({', '.join(tests)}): put one there, or "
            f"`python -m training render --count 1500 --size 192 --margin 1.7 --out "
            f"{data / HELD_OUT}` with another --seed than that of the faces to learn from"
        )
    sets = [load(name, data) for name in tests if name != HELD_OUT and _folder(name, data).is_dir()]
    return frozenset(one.subject for samples in sets for one in samples if one.split == "test")


def prepare_points(
    name: str,
    scheme: str,
    data: Path,
    folder: Path,
    size: int,
    *,
    limit: int | None = None,
    apart: Container[str] = (),
) -> None:
    """Cuts the faces of the set `name`, but those for tests; of shards it notes the limit.

    size: pixels of a prepared crop's side, twice that of what the network sees of it. limit:
    pictures at most. apart: see `held_out_subjects`.
    """
    if name in SHARDS:
        note_limit(folder, read_manifest(data / name), limit)
        return
    samples = some_of(to_learn_from(load(name, data), apart), limit)
    prepare(samples, scheme, folder, size, limit)


def require_prepared(names: Iterable[str], prepared: Path) -> None:
    """ValueError when the sets hold too few faces for a training; those in shards hold enough."""
    some = set(names)
    folders = [prepared / name for name in sorted(some - SHARDS)]
    require_splits(folders, validated=not some.isdisjoint(SHARDS))


def load_points(name: str, scheme: str, data: Path, folder: Path) -> PreparedFaces:
    """What `prepare_points` made of the set, or its shards."""
    if name in SHARDS:
        return prepared_from_shards(data / name, scheme, limit_of(folder))
    return load_prepared(folder)


def judged_samples(name: str, scheme: str, data: Path) -> list[ImageSample]:
    """What the set `name` holds for tests, rendered heads with points of `scheme`."""
    if name == HELD_OUT:
        samples = renders.samples(data / HELD_OUT, renders.SOURCE.name, scheme)
        return [replace(sample, split="test") for sample in samples]
    return [sample for sample in load(name, data) if sample.split == "test"]


def _folder(name: str, data: Path) -> Path:
    return data / name if name == HELD_OUT else data / (SOURCES[name].folder or name)
