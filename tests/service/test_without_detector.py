"""A service without a detector: ready, for requests that bring their boxes."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.__main__ import main as command
from app.settings import Settings
from tests.service.serving import (
    DEFAULT,
    ONE_FACE,
    RED,
    TWO_FACES,
    Service,
    answer,
    as_json,
    faces,
    form,
    problem,
    raw,
    running,
)

BOX = {"box": ",".join(map(str, RED))}
MODELS = Path(__file__).parents[2] / "models"


@pytest.fixture(scope="module")
def alone(golden: Path) -> Iterator[Service]:
    """With its self-test, whose recorded numbers are those of a face that was found."""
    with running(Settings(models_dir=golden, detector="")) as started:
        yield started


def test_it_is_ready(alone: Service) -> None:
    assert alone.client.get("/readyz").json()["models"] == [DEFAULT]
    assert [one["name"] for one in alone.client.get("/models").json()["models"]] == [DEFAULT]
    assert f'mien_queue_depth{{model="{DEFAULT}"}}' in alone.client.get("/metrics").text


def test_boxes_are_answered_as_with_a_detector(alone: Service, service: Service) -> None:
    with_one = faces(raw(service.client, "/analyze", ONE_FACE, **BOX))
    assert faces(raw(alone.client, "/analyze", ONE_FACE, **BOX)) == with_one
    several = form(ONE_FACE, TWO_FACES)
    boxes = {"boxes": json.dumps([[RED], [RED, RED]])}
    results = answer(alone.client.post("/pose", files=several, data=boxes))["results"]
    assert [len(result["faces"]) for result in results] == [1, 2]


def test_without_boxes_it_says_what_to_send(alone: Service) -> None:
    several = form(ONE_FACE, ONE_FACE), {"boxes": json.dumps([None, [RED]])}
    for response in (
        raw(alone.client, "/pose", ONE_FACE),
        alone.client.post("/landmarks", files=form(ONE_FACE)),
        alone.client.post("/landmarks", json=as_json(ONE_FACE)),
    ):
        detail = problem(response, 422, "invalid-parameter")["detail"]
        assert "no detector" in detail
        assert "box=x,y,width,height" in detail
        assert "MIEN_DETECTOR" in detail
    first, second = answer(alone.client.post("/pose", files=several[0], data=several[1]))["results"]
    assert "no detector" in first["error"]["detail"]
    assert len(second["faces"]) == 1


@pytest.mark.parametrize("record", [False, True])
def test_the_self_test_on_the_command_line(
    golden: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], record: bool
) -> None:
    monkeypatch.setenv("MIEN_MODELS_DIR", str(golden))
    monkeypatch.setenv("MIEN_DETECTOR", "")
    monkeypatch.setattr("app.__main__.configure_logging", lambda _: None)
    assert command(["self-test", *(["--record"] if record else [])]) == int(record)
    told = capsys.readouterr()
    assert ("Not recorded" in told.err) if record else (f"passed: {DEFAULT} on" in told.out)


def test_a_wrong_pipeline_is_still_found_out(
    golden: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MIEN_MODELS_DIR", str(golden))
    monkeypatch.setenv("MIEN_DETECTOR", "")
    monkeypatch.setattr("app.__main__.configure_logging", lambda _: None)
    monkeypatch.setattr("app.measuring.alignment.Aligner.crop_scale", 2.0)
    assert command(["self-test"]) == 1
    assert "truth: a point is" in capsys.readouterr().err


def test_the_free_edition_is_ready_as_it_is_shipped() -> None:
    settings = Settings(models_dir=MODELS, landmarks=("face-68",), detector="", commercial_use=True)
    with running(settings) as service:
        data = (MODELS / "self-test" / "face.png").read_bytes()
        (face,) = faces(raw(service.client, "/pose", data, box="119.66,76.46,170.63,212.11"))
        assert face["pose"]["method"] == "direct"
