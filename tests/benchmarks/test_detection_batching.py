"""The benchmark of the detector's batches, on the tiny model."""

from pathlib import Path

import pytest

from benchmarks.detection_batching import main
from tests.service.serving import ONE_FACE, write_models


def test_every_way_is_a_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_models(tmp_path)
    (folder / "self-test").mkdir()
    (folder / "self-test" / "face.png").write_bytes(ONE_FACE)
    assert main(["--models", str(folder), "--rounds", "1", "--padding", "0", "1000000"]) == 0
    head, _, *rows = capsys.readouterr().out.splitlines()
    assert head == "| pictures | way | runs | ms for all | ms each |"
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[:6]]
    # Long side 320, multiples of 32: 640 x 480 and 800 x 600 share a shape, and so do both of 16:9.
    assert [(name, way, runs) for name, way, runs, *_ in cells] == [
        ("8 mixed", "one by one", "8"),
        ("8 mixed", "equal shapes", "6"),
        ("8 mixed", "padding up to 1,000,000 pixels", "1"),
        ("8 of one shape", "one by one", "8"),
        ("8 of one shape", "equal shapes", "1"),
        ("8 of one shape", "padding up to 1,000,000 pixels", "1"),
    ]
    assert all(float(row[3]) > 0 for row in cells)
    assert "pixels of padding" in rows[-1]


def test_a_folder_without_the_picture_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--models", str(write_models(tmp_path)), "--rounds", "1"]) == 1
    assert "face.png" in capsys.readouterr().err
