"""Servers in processes, the check of their numbers, and what is said of them."""

import re
import sys
from pathlib import Path

import pytest

from benchmarks.command import Effort
from benchmarks.pictures import pictures
from benchmarks.pipeline import Pipeline, faces_of
from benchmarks.service import Launch, Service, ServiceError, ours
from benchmarks.serving.__main__ import rounds_of
from benchmarks.serving.measuring import Run, WrongAnswerError, runs
from benchmarks.serving.peers import NAMES, launches
from benchmarks.serving.report import demands, plot, rates

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "models"
REQUIREMENTS = ROOT / "benchmarks" / "serving" / "requirements"
OURS_TOO = ("numpy", "onnxruntime", "opencv-python-headless", "simplejpeg")


def test_our_service_answers_what_the_pipeline_does() -> None:
    """The limit and the peers do the work that the service does."""
    picture = pictures(MODELS)[1]
    expected = list[object](faces_of(Pipeline(MODELS)(picture.jpeg)))
    (run,) = runs(ours(MODELS), picture, expected, [1], 0.1)
    assert run.rate > 0
    assert run.failed == 0


def test_a_server_of_other_numbers_is_not_measured() -> None:
    one, ten = pictures(MODELS)
    expected = list[object](faces_of(Pipeline(MODELS)(ten.jpeg)))
    with pytest.raises(WrongAnswerError, match="other numbers"):
        runs(ours(MODELS), one, expected, [1], 0.1)


def test_a_server_that_ends_says_why() -> None:
    program = "import sys; sys.exit('no such model')"
    launch = Launch("x", "X", [sys.executable, "-c", program])
    with pytest.raises(ServiceError, match="no such model"):
        Service(launch, b"")
    with pytest.raises(ServiceError, match="cannot be started"):
        Service(Launch("x", "X", ["no/such/program"]), b"")


def test_a_peer_that_fails_is_left_out_and_named(capsys: pytest.CaptureFixture[str]) -> None:
    one = pictures(MODELS)[0]
    expected = list[object](faces_of(Pipeline(MODELS)(one.jpeg)))
    broken = Launch("x", "X", [sys.executable, "-c", "import sys; sys.exit('no such model')"])
    found, failed = rounds_of([ours(MODELS), broken], one, expected, [1], Effort(2, 0.05))
    assert {title: len(rounds) for title, rounds in found.items()} == {"mien": 2}
    assert failed == {"X": "X ended by itself"}
    assert "no such model" in capsys.readouterr().err
    with pytest.raises(ServiceError):
        rounds_of([broken], one, expected, [1], Effort(1, 0.05))


def test_each_peer_has_a_start_and_requirements(tmp_path: Path) -> None:
    made = launches(MODELS, 3, tmp_path)
    assert tuple(launch.name for launch in made) == NAMES
    assert {file.stem for file in REQUIREMENTS.glob("*.in")} == set(NAMES)
    for launch in made:
        assert launch.command[0] == str(tmp_path / f"bench-{launch.name}" / "bin" / "python")
        assert "{port}" in " ".join([*launch.command, *launch.environment.values()])
        assert launch.environment["BENCHMARK_WORKERS"] == "3"


@pytest.mark.parametrize("name", NAMES)
def test_locks_are_hashed_and_compute_as_we_do(name: str) -> None:
    text = (REQUIREMENTS / f"{name}.txt").read_text()
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    parts = [part for part in re.split(r"^(?=\S)", "\n".join(lines), flags=re.MULTILINE) if part]
    assert len(parts) > 10
    assert all("--hash=sha256:" in part for part in parts)
    assert "://" not in text
    served = _pins(ROOT / "requirements" / "serve-cpu.txt")
    locked = _pins(REQUIREMENTS / f"{name}.txt")
    assert {key: locked[key] for key in OURS_TOO} == {key: served[key] for key in OURS_TOO}


def _pins(lock: Path) -> dict[str, str]:
    found = re.findall(r"^([a-z0-9][\w.-]*)==(\S+)", lock.read_text(), re.MULTILINE)
    return dict(found)


def run(callers: int, rate: float) -> Run:
    return Run(callers, rate, 1.0, 2.0, 3.0, 0.1, 0, 1.5, 200.0)


FOUND = {
    "mien": [[run(1, 100), run(8, 300)], [run(1, 50), run(8, 150)]],
    "slow": [[run(1, 50), run(8, 100)], [run(1, 25), run(8, 50)]],
    "fast": [[run(1, 125), run(8, 200)], [run(1, 62.5), run(8, 100)]],
}


def test_the_lead_is_taken_within_each_round_and_to_the_best() -> None:
    table = rates(FOUND)
    assert table.head[:3] == ["server", "requests/s, 1", "requests/s, 8"]
    assert table.rows[1] == [
        "slow",
        "38 [25, 50]",
        "75 [50, 100]",
        "2.00 [2.00, 2.00]",
        "3.00 [3.00, 3.00]",
    ]
    one, eight = demands(FOUND)
    assert "fast" in one.what
    assert (one.measured, one.met) == ("0.80 [0.80, 0.80]", False)
    assert (eight.measured, eight.met) == ("1.50 [1.50, 1.50]", True)


def test_the_plot_has_the_spread_of_the_rounds() -> None:
    drawn = plot(FOUND)
    assert drawn.series["fast"] == [93.75, 150]
    assert (drawn.low["fast"], drawn.high["fast"]) == ([62.5, 100], [125, 200])
