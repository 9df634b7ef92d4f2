"""The page, from records written and read again."""

import json
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks import plots
from benchmarks.command import Effort, parser, typed
from benchmarks.growth_measuring import LOADS, Memory, Overload
from benchmarks.growth_report import demands
from benchmarks.machine import LoadWatch, Machine, OtherLoad
from benchmarks.page import main, write_page
from benchmarks.record import Demand, Plot, Record, Table

QUIET = OtherLoad(60.0, 0.01, 0.2, 2.0)
BUSY = OtherLoad(60.0, 1.5, 3.0, 4.0)


def machine(name: str) -> Machine:
    return Machine(name, 2, 16.0, "Linux", {"Python": "3.11"})


def record(name: str, title: str, load: OtherLoad = QUIET, on: str = "A 1") -> Record:
    return Record(
        name,
        title,
        f"python -m benchmarks.{name}",
        False,
        machine(on),
        load,
        ["How it was done."],
        [Table("Numbers", ["what", "ms"], [["one", "1.00"], ["two", "2.00"]])],
        [Plot(f"{name}-plot", "bars", "A plot", "x", "y", ["a", "b"], {"s": [1.0, 2.0]})],
        [Demand(f"demand of {name}", "<= 3", "2", True), Demand("other", "<= 3", "4", False)],
        {"rounds": [1.23456789, float("nan")]},
    )


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    written = record("stages", "Stages")
    file = written.write(tmp_path)
    read = Record.read(file)
    assert read.raw == {"rounds": [1.23457, None]}
    assert (read.machine, read.load, read.title) == (written.machine, written.load, written.title)
    assert (
        read.tables[0].markdown()
        == "| what | ms |\n| --- | --- |\n| one | 1.00 |\n| two | 2.00 |\n"
    )
    json.loads(file.read_text(), parse_constant=pytest.fail)


def test_parts_stand_in_their_order_and_one_run_changes_one_part(tmp_path: Path) -> None:
    folder = tmp_path / "performance"
    record("growth", "Growth").write(folder)
    record("stages", "Stages").write(folder)
    page = write_page(folder, drawn="stages").read_text()
    assert page.index("## Stages") < page.index("## Growth") < page.index("## Machines")
    assert page.count("1. A 1, 2 processors") == 1
    assert "2. " not in page.partition("## Machines")[2]
    record("growth", "Growth once more", on="B 2").write(folder)
    again = write_page(folder, drawn="growth").read_text()
    assert "## Growth once more" in again
    assert "2. B 2" in again


def test_demands_say_whether_they_are_met_and_on_what_machine(tmp_path: Path) -> None:
    folder = tmp_path / "performance"
    record("stages", "Stages").write(folder)
    record("growth", "Growth", BUSY).write(folder)
    page = write_page(folder, drawn="stages").read_text()
    assert "| demand of stages | <= 3 | 2 | yes |\n" in page
    assert "| demand of growth | <= 3 | 2 | yes * |\n" in page
    assert "| other | <= 3 | 4 | **no** |\n" in page
    assert "**The machine was busy**" in page.partition("## Growth")[2]
    assert "The machine was quiet" in page.partition("## Stages")[2].partition("## Growth")[0]


def test_without_matplotlib_an_old_picture_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "performance"
    for name in ("stages", "growth"):
        record(name, name).write(folder)
        (folder / f"{name}-plot.png").write_bytes(b"old")
    monkeypatch.setattr(plots, "find_spec", lambda _: None)
    page = write_page(folder, drawn="stages").read_text()
    assert "performance/stages-plot.png" not in page
    assert "performance/growth-plot.png" in page
    assert not (folder / "stages-plot.png").exists()
    write_page(folder)
    assert (folder / "growth-plot.png").read_bytes() == b"old", "its numbers are those of before"


@pytest.mark.skipif(find_spec("matplotlib") is None, reason="matplotlib is not installed here")
@pytest.mark.parametrize("kind", ["bars", "stacked", "lines"])
def test_with_matplotlib_there_is_a_picture(kind: str, tmp_path: Path) -> None:
    low, high = {"s": [0.5, 1.5]}, {"s": [1.5, 2.5]}
    plot = Plot("p", kind, "t", "x", "y", [1.0, 2.0], {"s": [1.0, 2.0]}, low, high)  # type: ignore[arg-type]
    assert plots.draw(plot, tmp_path / "p.png")
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")


def test_the_page_by_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "performance"
    record("stages", "Stages").write(folder)
    assert main(["--out", str(folder)]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "performance.md")


def test_the_page_names_what_is_missing(tmp_path: Path) -> None:
    record("stages", "Stages").write(tmp_path / "performance")
    page = write_page(tmp_path / "performance").read_text()
    missing = page.partition("## Not measured yet")[2]
    for name in ("engine", "http", "serving", "libraries", "growth"):
        assert f"`make bench-{name}`" in missing
    assert "bench-stages" not in missing
    for device in ("cuda", "tensorrt", "openvino", "coreml"):
        assert f"`python -m benchmarks.engine --device {device}`" in missing
    runs = [{"provider": provider} for provider in ("CPUExecutionProvider", "OpenVINO")]
    replace(record("engine", "Engine"), raw={"runs": runs}).write(tmp_path / "performance")
    missing = write_page(tmp_path / "performance").read_text().partition("## Not measured yet")[2]
    assert "--device openvino" not in missing
    assert "--device cuda" in missing
    assert "whether CPU and CUDA agree" in missing


def test_a_slow_hour_is_told_by_what_never_changes() -> None:
    load = LoadWatch().stop()
    (before, after) = load.yardsticks
    assert all(ms > 0 for both in (before, after) for ms in both)
    told = replace(load, others=0.0, yardsticks=[(1.0, 2.0), (3.0, 4.0)]).sentence
    assert told.endswith("on average. Yardsticks: 1.0 and 2.0 ms before, 3.0 and 4.0 after.")
    assert "Yardsticks" not in replace(load, yardsticks=()).sentence


def test_commands_are_told_as_typed_but_for_places() -> None:
    arguments = [
        "--set",
        "A=1",
        "--out",
        "somewhere",
        "--models=there",
        "--device",
        "cuda",
        "--quick",
    ]
    assert typed(arguments) == " --set A=1 --device cuda --quick"
    given = parser("", Effort(1, 1.0)).parse_args(["--rounds", "3"])
    assert given.typed == ["--rounds", "3"]


def overload(load: float, refused: int, told: float = 1.0) -> Overload:
    return Overload(load, 100.0, 100.0, 90.0, refused, 0, 5.0, 10.0, 2.0, 9.0, told, 0.1, 0.2)


@pytest.mark.parametrize(
    ("refused", "told", "met"), [(0, 1.0, False), (5, 1.0, True), (5, 0.9, False)]
)
def test_what_was_not_seen_is_not_met(refused: int, told: float, met: bool) -> None:
    memory = [Memory(n, 300.0, 200.0, 150.0) for n in (100, 200)]
    pressed = [overload(LOADS[0], 0), overload(LOADS[1], refused, told)]
    made = demands([(1.0, 150.0)], memory, pressed)
    about = [demand for demand in made if demand.what.startswith("refusals")]
    assert about
    assert all(demand.met for demand in about) == met
