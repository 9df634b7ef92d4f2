"""The page of results: what stands in its cells, and what is left out; timings; the free terms."""

from pathlib import Path

import numpy as np
import pytest

from app.face.card import Metric, load_card
from tests.tiny_models import write_detector, write_landmarks
from tests.training.made_up_faces import head, knowing, posed_samples
from tests.training.test_cards import FACTS
from training.__main__ import main
from training.contact_sheet import Picture, write_sheets
from training.faces.posed import measure_posed
from training.faces.tiles import posed_tile
from training.recipes.face_68_card import facts
from training.results import is_ours
from training.results_lines import TABLES
from training.results_page import Published, results_page
from training.speed import time_files


def row(name: str, value: float, part: str = "all", protocol: str = "labelled box (x)") -> Metric:
    return Metric(
        name=name,
        value=value,
        unit="%",
        n=1234,
        interval95=(value - 0.5, value + 0.5),
        protocol=protocol,
        slice=part,
    )


@pytest.fixture
def page(tmp_path: Path) -> str:
    first = load_card(write_landmarks(tmp_path / "first"))
    second = load_card(write_landmarks(tmp_path / "second"))
    rows = {
        "w300": [
            row("nme_inter_ocular", 3.25),
            row("nme_inter_ocular", 9.75, protocol="tight bounds"),
            row("mean_face_nme_inter_ocular", 15.0),
            row("nme_inter_ocular", 77.0, part="|yaw| 0-15"),
        ]
    }
    more = {"w300": [row("nme_inter_ocular", 4.5)], "mtfl80": [row("three_point_error", 0.0)]}
    detector = load_card(write_detector(tmp_path / "detector"))
    timings = time_files({"one": tmp_path / "first" / "model.onnx"}, "one", rounds=3, runs=2)
    models = [Published(first, rows), Published(second, more)]
    return results_page(models, [detector], timings, {"images/x.png": "a caption"})


def line(page: str, label: str) -> list[str]:
    (found,) = [text for text in page.splitlines() if text.startswith(f"| {label} |")]
    return [cell.strip() for cell in found.strip("|").split("|")]


def test_earlier_systems_stand_elsewhere(tmp_path: Path) -> None:
    """They state no deviations, and have a comparison of their own."""
    ours = load_card(write_landmarks(tmp_path / "ours"))
    points, std = ours.outputs
    assert std.name == "std"
    assert is_ours(ours)
    assert not is_ours(ours.model_copy(update={"outputs": [points]}))


def test_models_stand_side_by_side_with_the_constant_answer(page: str) -> None:
    cells = line(page, "LFPW test, NME, labelled box")
    assert cells[1:4] == [
        "**3.25 %** (2.75 to 3.75), n 1,234",
        "**4.50 %** (4.00 to 5.00), n 1,234",
        "**15.00 %** (14.50 to 15.50), n 1,234",
    ]
    assert "measured elsewhere" in cells[4]


def test_what_a_model_does_not_answer_is_a_dash_and_nobody_a_missing_line(page: str) -> None:
    assert line(page, "LFPW test, NME, tight box")[1:] == [
        "**9.75 %** (9.25 to 10.25), n 1,234",
        "–",
        "–",
        "–",
    ]
    assert "jittered box |" not in page
    assert "77" not in page
    for table in TABLES:
        assert f"## {table.title}\n" in page
    assert page.count("Not measured.") == len(TABLES) - 1


def test_the_page_has_the_detector_the_speed_and_the_pictures(page: str) -> None:
    assert "## Detector `detector`" in page
    assert "![a caption](images/x.png)" in page
    assert line(page, "`one`")[2] == "1.00"


def test_lines_are_told_apart() -> None:
    for table in TABLES:
        keys = [(one.test_set, one.metric, one.protocol, one.part) for one in table.lines]
        assert len(set(keys)) == len(keys)
        assert len({one.label for one in table.lines}) == len(table.lines)


def test_timings_are_ratios_to_the_reference(tmp_path: Path) -> None:
    small = write_landmarks(tmp_path / "small", size=16) / "model.onnx"
    large = write_landmarks(tmp_path / "large", size=1024) / "model.onnx"
    first, second = time_files({"small": small, "large": large}, "small", rounds=3, runs=3)
    assert (first.name, first.ratio) == ("small", 1.0)
    # 4,096 times as many pixels to add up.
    assert second.ratio > 5
    assert second.milliseconds > first.milliseconds > 0


def test_a_free_edition_is_not_trained_on_research_data(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="w300"):
        facts(FACTS.recipe, "free", tmp_path, sources=("renders", "w300"))


def test_the_worst_come_first_and_unknown_ones_last(tmp_path: Path) -> None:
    asked: list[int] = []

    def tile(index: int) -> Picture:
        asked.append(index)
        return np.zeros((20, 20, 3), np.uint8)

    write_sheets(tmp_path, np.array([0.2, np.nan, 0.9, 0.5]), tile)
    assert asked[:4] == [2, 3, 0, 1]
    assert sorted(asked[4:]) == [0, 1, 2, 3]
    assert {path.name for path in tmp_path.iterdir()} == {"worst.png", "random.png"}


def test_a_tile_points_where_the_head_faces(tmp_path: Path) -> None:
    """True yaw 90: a red line to the image's right edge; found -90: a green one to the left."""
    samples = posed_samples(tmp_path, [head(90, 0, 0)])
    posed = measure_posed(knowing([head(-90, 0, 0)]), samples, roll_labelled=True)
    tile = posed_tile(posed, 0, "caption").astype(int)
    red = np.argwhere((tile[..., 0] > 180) & (tile[..., 1] < 80))
    assert len(red) > 50
    assert red[:, 1].min() >= 126
    assert np.ptp(red[:, 0]) < 30
    green = np.argwhere((tile[..., 1] > 180) & (tile[..., 0] < 60) & (tile[..., 2] < 60))
    along = green[np.abs(green[:, 0] - 128) < 2]
    assert along[:, 1].min() < 60


def test_results_without_models_say_what_to_look_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("training.__main__._limit_threads", lambda _: None)
    assert main(["results", "--models", str(tmp_path), "--docs", str(tmp_path)]) == 1
    assert "--models" in capsys.readouterr().err
    assert not (tmp_path / "results.md").exists()
