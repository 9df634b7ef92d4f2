"""Our own rendered heads (`python -m training render`): exact labels, free of licence.

Their pictures are crops already and lie in shards, not in files of their own, so a sample's path is
"shard-00000.npy/17", which `training.images.read_rgb` understands. Training on many of them goes
through `prepared_from_shards`, which reads whole shards at once.

Profiled photographs are stored likewise. They are made of training photographs alone, so all of
them are for training, under the subjects of the photographs' own set.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.face.geometry import Box, face_box
from app.face.landmarks import scheme as scheme_named
from training.datasets.facts import SourceFacts
from training.datasets.viewing import as_seen
from training.prepared_faces import PreparedFaces
from training.samples import FaceSample, ImageSample, Split
from training.splits import validation_by_subject
from training.synthetic.shard_files import images_path, read_manifest, read_shards, samples_of

SOURCE = SourceFacts(
    name="renders",
    title="Rendered heads of ICT-FaceKit with exact labels",
    licence="free for any use; the head model is MIT",
    edition="free",
    citation="Li et al., Learning Formation of Physically-Based Face Attributes, CVPR 2020",
)
_VALIDATION_ONE_IN = 20


def load(root: Path) -> Iterator[ImageSample]:
    """Yields one sample a render; every 20th, chosen by hash, is validation."""
    return samples(root, SOURCE.name)


def samples(root: Path, source: str, scheme: str = "ibug-68") -> Iterator[ImageSample]:
    """The samples of a folder of shards with points of `scheme` and the rotations that crops show
    (see as_seen); boxes are those of the 68 points.

    ValueError when another source than `source` made the folder, or without points of `scheme`.
    """
    made_by = str(read_manifest(root)["source"])
    if made_by != source:
        raise ValueError(f"{root} holds {made_by!r}, not {source!r}: their terms differ")
    for shard in read_shards(root):
        tags = {name.removeprefix("tag."): shard[name] for name in shard if name.startswith("tag.")}
        subjects = _subjects(shard)
        rotations = as_seen(shard["pose.rotation"], shard["pose.translation"])
        points, seen = _points(shard, scheme).astype(np.float32), _seen(shard, scheme)
        for row, (subject, split) in enumerate(zip(subjects, _splits(shard), strict=True)):
            face = FaceSample(
                box=face_box(shard["points"][row]),
                points_in_image=points[row],
                seen=None if seen[row].all() else seen[row],
                scheme=scheme,
                rotation=rotations[row],
                tags={name: str(values[row]) for name, values in tags.items()},
            )
            yield ImageSample(
                source=source,
                path=images_path(root, int(shard["index"][row])) / str(row),
                faces=(face,),
                subject=subject,
                split=split,
            )


def prepared_from_shards(folder: Path, scheme: str, limit: int | None = None) -> PreparedFaces:
    """The renders of a folder as training wants them, without cutting or storing them again.

    The pictures keep the size that they were rendered at. scheme: any that the labels have;
    ValueError for another one. limit: the first that many, None for all. Pupils of
    photographs are not seen: a fitted head does not tell where they are.
    """
    manifest = read_manifest(folder)
    count = samples_of(manifest, limit)
    pixels = np.empty(0, np.uint8)
    points, seen, boxes, rotation = [], [], [], []
    subjects: list[str] = []
    splits: list[Split] = []
    for shard in read_shards(folder, limit):
        images = shard["images"]
        if not subjects:
            # All at once: joining the shards in the end would hold every picture twice.
            pixels = np.empty((count, *images.shape[1:]), np.uint8)
        pixels[len(subjects) : len(subjects) + len(images)] = images
        box = np.array([_edges(face_box(row)) for row in shard["points"]])
        points.append(_points(shard, scheme).astype(np.float32))
        seen.append(_seen(shard, scheme))
        boxes.append(box.astype(np.float32))
        rotation.append(as_seen(shard["pose.rotation"], shard["pose.translation"]))
        subjects += _subjects(shard)
        splits += _splits(shard)
    return PreparedFaces(
        pixels=pixels,
        points=np.concatenate(points),
        seen=np.concatenate(seen),
        boxes=np.concatenate(boxes),
        rotation=np.concatenate(rotation).astype(np.float32),
        source=np.full(len(subjects), str(manifest["source"])),
        subject=np.array(subjects),
        split=np.array(splits),
        scheme=scheme,
    )


def _points(shard: Mapping[str, NDArray[Any]], scheme: str) -> NDArray[np.float64]:
    """(n, K, 2) pixels of the render."""
    name = "points" if scheme == "ibug-68" else f"schemes.{scheme}.points"
    if name not in shard:
        known = sorted(key.split(".")[1] for key in shard if key.startswith("schemes."))
        known = ["ibug-68", *dict.fromkeys(known)]
        raise ValueError(f"renders have no points of {scheme!r}; known: {', '.join(known)}")
    points: NDArray[np.float64] = shard[name]
    return points


def _seen(shard: Mapping[str, NDArray[Any]], scheme: str) -> NDArray[np.bool_]:
    """(n, K): a renderer places every point, hidden or not, as the annotators of 300-W do."""
    names = scheme_named(scheme).names
    placed = [not (_of_photographs(shard) and name.endswith("_pupil")) for name in names]
    return np.tile(placed, (len(shard["index"]), 1))


def _edges(box: Box) -> tuple[float, float, float, float]:
    return box.x, box.y, box.width, box.height


def _subjects(shard: Mapping[str, NDArray[Any]]) -> list[str]:
    """Who is shown: a photograph's person, or somebody new in each render."""
    if _of_photographs(shard):
        # Folders made before the subject was stored tell the photograph alone.
        return [str(name) for name in shard.get("tag.subject", shard["tag.photograph"])]
    return [f"render-{index}" for index in shard["index"]]


def _splits(shard: Mapping[str, NDArray[Any]]) -> list[Split]:
    if _of_photographs(shard):
        return ["train"] * len(shard["index"])
    return [validation_by_subject(name, one_in=_VALIDATION_ONE_IN) for name in _subjects(shard)]


def _of_photographs(shard: Mapping[str, NDArray[Any]]) -> bool:
    return "tag.photograph" in shard
