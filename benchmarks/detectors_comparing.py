"""Every detector on every test set, for `benchmarks.detectors`."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.detectors_boxes import BoxCorrection, fit, pairs
from benchmarks.detectors_judging import AS_DRAWN, BY_SET, CORRECTED, PictureSet, Row, judge
from benchmarks.peers.client import PeerClient, save_images
from benchmarks.peers.peer import About
from training.detection.images import LabelledImage


@dataclass(frozen=True, slots=True)
class Entry:
    """One detector of the comparison. correction: None for ours."""

    name: str
    about: About
    correction: BoxCorrection | None


def compare(
    own: Sequence[PeerClient],
    peers: Sequence[PeerClient],
    sets: Sequence[PictureSet],
    training: Mapping[str, Sequence[LabelledImage]],
    scratch: Path,
) -> tuple[list[Entry], list[Row]]:
    """Every detector on every set. training: pictures of each set, for the peers' boxes."""
    files = {
        name: save_images([image.pixels for image in images], scratch / f"training-{name}.npz")
        for name, images in training.items()
    }
    entries = [Entry(client.name, client.about, None) for client in own]
    corrections: dict[str, dict[str, BoxCorrection]] = {}
    for client in peers:
        of = {name: pairs(client.detect(files[name]), training[name]) for name in training}
        corrections[client.name] = {name: fit({name: rows}) for name, rows in of.items()}
        entries.append(Entry(client.name, client.about, fit(of)))
    rows: list[Row] = []
    for test_set in sets:
        file = save_images([image.pixels for image in test_set.images], scratch / "test.npz")
        for client, entry in zip([*own, *peers], entries, strict=True):
            print(f"{entry.about.title}: {test_set.title}", file=sys.stderr)
            tried = {AS_DRAWN: BoxCorrection()}
            if entry.correction:
                by_set = corrections[client.name][test_set.boxes_of]
                tried |= {CORRECTED: entry.correction, BY_SET: by_set}
            found = client.detect(file, curve=test_set.curve)
            rows += judge(client.name, test_set, found, tried)
    return entries, rows
