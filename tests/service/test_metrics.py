"""GET /metrics of a running service."""

import threading
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from app import main
from app.detection.detector import Detector
from app.open_models import load_models
from app.settings import Settings
from tests.service.serving import (
    DEFAULT,
    NO_FACE,
    ONE_FACE,
    PATIENCE,
    TWO_FACES,
    Service,
    form,
    limited,
    raw,
    running,
    until,
)


def shown(service: Service) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """Metric -> its labels in alphabetical order -> value."""
    response = service.client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(response.text):
        for sample in family.samples:
            labels = tuple(sorted(sample.labels.items()))
            found.setdefault(sample.name, {})[labels] = sample.value
    return found


def requests(found: dict[str, Any], route: str, status: int) -> float:
    value: float = found["mien_requests_total"][("route", route), ("status", str(status))]
    return value


def test_what_requests_leave_behind(models_dir: Path) -> None:
    with running(limited(models_dir, max_body_bytes=100_000)) as service:
        raw(service.client, "/analyze", ONE_FACE)
        raw(service.client, "/v1/analyze", NO_FACE)
        service.client.post("/pose", files=form(TWO_FACES))
        raw(service.client, "/pose", b"junk")
        raw(service.client, "/pose", bytes(100_001))  # refused before it was routed
        service.client.get("/models/nobody")
        service.client.get("/made/up")
        for path in ("/v1/docs", "/v1/metrics", "/v1/openapi.json", "/v1/v2"):
            assert service.client.get(path).status_code == 404
        service.client.get("/v1/pose")
        service.client.get("/docs")
        found = shown(service)
        assert requests(found, "/analyze", 200) == 2
        assert requests(found, "/pose", 200) == 1
        assert requests(found, "/pose", 415) == 1
        assert requests(found, "/pose", 413) == 1
        assert requests(found, "/models/{name}", 404) == 1
        assert requests(found, "other", 404) == 5
        assert requests(found, "/pose", 405) == 1
        assert requests(found, "/docs", 200) == 1
        assert "made" not in str(found)
        refusals = {labels[0][1]: value for labels, value in found["mien_refusals_total"].items()}
        refusals.pop("not-ready", None)  # of the probes before it was ready
        assert refusals == {
            "unsupported-media-type": 1,
            "body-too-large": 1,
            "unknown-model": 1,
            "not-found": 5,
            "method-not-allowed": 1,
        }
        assert found["mien_images_total"][()] == 4
        assert found["mien_faces_per_image_count"][()] == 3
        assert found["mien_faces_per_image_sum"][()] == 3
        stages = {labels[0][1] for labels in found["mien_stage_seconds_count"]}
        assert {"receive", "decode", "detect", "infer"} <= stages
        faces_run = found["mien_batch_size_sum"][("model", DEFAULT),]
        assert faces_run == found["mien_queue_wait_seconds_count"][("model", DEFAULT),] == 3


def test_what_runs(service: Service) -> None:
    found = shown(service)
    models = {tuple(value for _, value in labels) for labels in found["mien_model_info"]}
    listed = service.client.get("/models").json()["models"]
    keys = ("name", "provider", "sha256", "version")
    assert models == {tuple(model[key] for key in keys) for model in listed}
    assert found["mien_ready"][()] == 1
    assert found["mien_workers"][("state", "ready"),] == 1
    ((build, value),) = found["mien_build_info"].items()
    assert dict(build).keys() == {"version", "onnxruntime"}
    assert value == 1


def test_shown_before_the_models_are_loaded(
    models_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_load = threading.Event()

    def slow(settings: Settings) -> Any:
        may_load.wait(PATIENCE)
        return load_models(settings)

    monkeypatch.setattr(main, "load_models", slow)
    with running(Settings(models_dir=models_dir, self_test=False), ready=False) as service:
        found = shown(service)
        assert found["mien_ready"][()] == 0
        assert found["mien_workers"][("state", "starting"),] == 1
        assert "mien_model_info" not in found
        may_load.set()
        until(lambda: shown(service)["mien_ready"][()] == 1)


def test_the_length_of_a_queue(models_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started, release = threading.Event(), threading.Event()
    run = Detector.run

    def held(self: Detector, items: Any) -> Any:
        started.set()
        release.wait(PATIENCE)
        return run(self, items)

    def waiting(service: Service) -> float:
        return shown(service)["mien_queue_depth"].get((("model", "detector"),), 0.0)

    monkeypatch.setattr(Detector, "run", held)
    with running(Settings(models_dir=models_dir, self_test=False)) as service:
        callers = [
            threading.Thread(target=raw, args=(service.client, "/pose", ONE_FACE)) for _ in range(3)
        ]
        callers[0].start()
        assert started.wait(PATIENCE)
        for caller in callers[1:]:
            caller.start()
        until(lambda: waiting(service) == 2)
        release.set()
        for caller in callers:
            caller.join(PATIENCE)
        until(lambda: waiting(service) == 0)
