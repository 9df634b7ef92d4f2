"""The page: which number stands where."""

import json
from pathlib import Path

import numpy as np
import pytest

from app.face.card import Metric
from benchmarks.detectors_boxes import BoxCorrection
from benchmarks.detectors_comparing import Entry
from benchmarks.detectors_judging import AS_DRAWN, BY_SET, CORRECTED, Row
from benchmarks.detectors_report import Comparison, markdown, write_json
from benchmarks.detectors_times import time_of
from benchmarks.peers.peer import About

KEYS = (
    ("lfpw", "recall", "all"),
    ("pointing04", "recall", "all"),
    ("pointing04", "recall", "pan beyond 60"),
    ("wider", "average_precision", "all"),
    ("negatives", "false_boxes_per_image", "all"),
)


def about(title: str) -> About:
    return About(title, "1", "some licence", "10 px", "0.5")


def rows(detector: str, boxes: str, first: float) -> list[Row]:
    return [
        Row(
            detector,
            test_set,
            boxes,
            Metric(
                name=name,
                value=first + index,
                unit="%" if name == "recall" else "1",
                n=10 + index,
                interval95=(first, first + 9),
                protocol="-",
                slice=part,
            ),
        )
        for index, (test_set, name, part) in enumerate(KEYS)
    ]


@pytest.fixture
def comparison() -> Comparison:
    measured = [
        *rows("ours", AS_DRAWN, 50),
        *rows("peer", CORRECTED, 40),
        *rows("peer", BY_SET, 30),
        *rows("peer", AS_DRAWN, 20),
    ]
    entries = [
        Entry("ours", about("Ours"), None),
        Entry("peer", about("Peer"), BoxCorrection((0.25, -0.5), (2, 1))),
    ]
    taken = np.array([[[2.0, 4.0, 3.0], [9.0, 6.0, 30.0]], [[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]]])
    times = [time_of(name, taken, index) for index, name in enumerate(("ours", "peer"))]
    return Comparison(entries, measured, times, 7)


def cells(page: str, start: str) -> list[list[str]]:
    lines = [line for line in page.splitlines() if line.startswith(f"| {start} |")]
    return [[part.strip() for part in line.split("|")[1:-1]] for line in lines]


def test_peers_are_shown_corrected_and_ours_as_drawn(comparison: Comparison) -> None:
    page = markdown(comparison)
    assert cells(page, "Ours")[0][1:3] == ["50.0 [50.0, 59.0]", "51.0 [50.0, 59.0]"]
    assert cells(page, "Peer")[0][4:] == ["43.000 [40.000, 49.000]", "44.000 [40.000, 49.000]"]
    assert "LFPW test, found % (n = 10)" in page
    by_boxes = {row[1]: row[2] for row in cells(page, "Peer") if row[1] in (BY_SET, AS_DRAWN)}
    assert by_boxes == {BY_SET: "30.0 [30.0, 39.0]", AS_DRAWN: "20.0 [20.0, 29.0]"}
    assert "+0.25 -0.50, x2.00 x1.00" in page


def test_heads_at_any_roll_stand_there_only_when_measured(comparison: Comparison) -> None:
    assert "any roll" not in markdown(comparison)


def test_the_ratio_is_taken_within_each_round(comparison: Comparison) -> None:
    ours, peer = comparison.times
    assert (ours.least, ours.median, ours.ratio) == (1, 1.5, 1)
    # Rounds: 9 against 3, 2 against 1.
    assert (peer.least, peer.median, peer.ratio, peer.n) == (2, 4, 2.5, 2)


def test_the_json_has_every_row(comparison: Comparison, tmp_path: Path) -> None:
    write_json(comparison, tmp_path / "new" / "all.json")
    content = json.loads((tmp_path / "new" / "all.json").read_text())
    assert len(content["rows"]) == 20
    assert content["rows"][0]["interval95"] == [50, 59]
    assert [entry["about"]["title"] for entry in content["detectors"]] == ["Ours", "Peer"]
