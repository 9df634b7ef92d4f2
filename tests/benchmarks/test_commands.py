"""Each benchmark from its command line to its page, as briefly as it can be run."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.errors import ProviderError
from app.inference.model import Model
from benchmarks import engine, growth, http, stages
from benchmarks.libraries import __main__ as libraries
from benchmarks.pipeline import STAGES
from benchmarks.serving import __main__ as serving

MODELS = Path(__file__).parents[2] / "models"


class Done:
    """The record and the page of one run."""

    def __init__(self, folder: Path, name: str) -> None:
        self.record: dict[str, Any] = json.loads((folder / f"{name}.json").read_text())
        self.page = folder.with_suffix(".md").read_text()

    def rows(self, table: int) -> list[list[str]]:
        found: list[list[str]] = self.record["tables"][table]["rows"]
        return found


@pytest.fixture
def common(tmp_path: Path) -> list[str]:
    brief = ["--quick", "--seconds", "0.05"]
    return [*brief, "--models", str(MODELS), "--out", str(tmp_path / "performance")]


def test_stages(common: list[str], tmp_path: Path) -> None:
    assert stages.main([*common, "--most-ms", "1e9"]) == 0
    done = Done(tmp_path / "performance", "stages")
    names = [row[0] for row in done.rows(0)]
    assert names == [*STAGES, stages.HTTP, "**in process**", "**the request**"]
    parts = {name: float(ms) for name, ms, *_ in done.rows(1)}
    staged = sum(parts[name] for name in STAGES)
    assert staged > 0
    request = parts["**in process**"] + parts[stages.HTTP]
    assert request == pytest.approx(parts["**the request**"], abs=0.02)
    (one, ten) = done.rows(2)
    assert (one[0], ten[0]) == ("one face", "ten faces")
    assert done.record["demands"][0]["met"]
    assert "only to see that it works" in done.page


def test_engine(common: list[str], tmp_path: Path) -> None:
    assert engine.main([*common, "--threads", "1", "--most", "2"]) == 0
    done = Done(tmp_path / "performance", "engine")
    cards = [json.loads(file.read_text()) for file in sorted(MODELS.glob("*/card.json"))]
    expected = [
        (f"{card['name']} {card['version']}", precision, str(batch))
        for card in cards
        for precision in ("fp32", *(file["precision"] for file in card.get("precisions", [])))
        for batch in sorted({1, *card["batch_sizes"]})
        if batch <= 2
    ]
    assert [(row[0], row[1], row[4]) for row in done.rows(0)] == expected
    assert all(float(row[5]) > 0 for row in done.rows(0))


def test_engine_tells_which_precision_cannot_be_had(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def opened(folder: Path, device: str, threads: int, *, precision: str) -> object:
        if precision == "bf16":
            raise ProviderError("this CPU cannot")
        return (folder.name, device, threads, precision)

    monkeypatch.setattr(Model, "open", opened)
    found = list(engine.opened([MODELS / "face-68"], ["cpu", "openvino"], [1, 2]))
    assert [count for _, count in found] == [1, 2] * (len(found) // 2)
    assert {model[1:4:2] for model, _ in found} >= {("cpu", "fp32"), ("openvino", "fp32")}  # type: ignore[index]
    assert capsys.readouterr().err == "face-68 on openvino in bf16: this CPU cannot\n"


def test_engine_without_models(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert engine.main(["--quick", "--models", str(tmp_path), "--out", str(tmp_path / "o")]) == 1
    assert "--models" in capsys.readouterr().err


def test_http(common: list[str], tmp_path: Path) -> None:
    assert http.main([*common, "--callers", "2"]) == 0
    done = Done(tmp_path / "performance", "http")
    assert [row[0] for row in done.rows(0)] == ["one face", "ten faces"]
    expected = [
        [picture, form, "2"]
        for picture in ("one face", "ten faces")
        for form in ("raw", "multipart")
    ]
    assert [row[:3] for row in done.rows(1)] == expected
    for row in done.record["raw"]["rows"]:
        (one,) = row["rounds"]
        assert one["rate"] > 0
        assert one["ratio"] == pytest.approx(one["rate"] / one["limit"], rel=1e-4)
        assert (one["refused"], one["failed"]) == (0, 0)


def test_serving_names_the_environments_that_are_not_there(
    common: list[str], tmp_path: Path
) -> None:
    arguments = [*common, "--callers", "1", "--environments", str(tmp_path / "none")]
    assert serving.main(arguments) == 0
    done = Done(tmp_path / "performance", "serving")
    assert [row[0] for row in done.rows(0)] == ["mien"]
    assert "Not measured, their environments are not there: FastAPI and uvicorn, mosec" in done.page
    assert done.record["demands"] == []


def test_libraries(common: list[str], tmp_path: Path) -> None:
    assert libraries.main([*common, "--peers"]) == 0
    done = Done(tmp_path / "performance", "libraries")
    ((name, finds, *_, faces),) = done.rows(0)
    assert name.startswith("mien ")
    assert "68 points" in finds
    assert faces == "1"


def test_libraries_without_their_environment(
    common: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert libraries.main([*common, "--peers-python", "no/such/python"]) == 1
    assert "make bench-libraries" in capsys.readouterr().err


def test_growth(common: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIEN_LIMITS__MAX_REQUESTS", "1")  # so that it is put back
    limits = ["--set", "MIEN_LIMITS__MAX_REQUESTS=100"]
    assert growth.main([*common, *limits, "--images", "1", "3", "--requests", "20"]) == 0
    done = Done(tmp_path / "performance", "growth")
    assert [row[0] for row in done.rows(0)] == ["1", "3"]
    memory = done.record["raw"]["memory"]
    assert [one["requests"] for one in memory] == list(range(21))
    assert all(20 < one["together"] < 2000 for one in memory)
    easy, hard = done.record["raw"]["overload"]
    assert hard["offered"] == pytest.approx(easy["offered"] * 2 / 0.8, rel=1e-4)
    assert easy["answered"] > 0


def test_a_setting_without_a_value_is_told(common: list[str]) -> None:
    with pytest.raises(ValueError, match="NAME=VALUE"):
        growth.main([*common, "--set", "MIEN_WORKERS"])
