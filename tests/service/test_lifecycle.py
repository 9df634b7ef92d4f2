"""From start to end: live at once, ready when the numbers are right, drained on the way out."""

import json
import logging
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from app import alignment, images, main, self_test
from app.__main__ import main as command
from app.models import load_models
from app.settings import InferenceSettings, LimitSettings, Settings
from tests.service.serving import (
    ONE_FACE,
    PATIENCE,
    RED,
    Service,
    answer,
    faces,
    form,
    problem,
    raw,
    running,
    until,
    write_models,
)
from tests.tiny_models import TEMPLATE_68, write_landmarks


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with a recorded self-test."""
    folder = write_models(tmp_path_factory.mktemp("golden"))
    (folder / "self-test").mkdir()
    (folder / "self-test" / "face.png").write_bytes(ONE_FACE)
    x, y, width, height = RED
    side = 1.3 * (width * height) ** 0.5
    corner = np.array([x - 0.5 + width / 2, y - 0.5 + height / 2]) - side / 2
    # The pose of the tiny model's template, as measured once; the truth is compared loosely.
    label = {
        "box": [x - 0.5, y - 0.5, width, height],
        "points_68": (corner + TEMPLATE_68 * side).tolist(),
        "rotation": Rotation.from_euler("YXZ", [-13.0, 6.5, 0.0], degrees=True)
        .as_matrix()
        .tolist(),
    }
    labels = json.dumps({"faces": [label]})
    (folder / "self-test" / "face.json").write_text(labels, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MIEN_MODELS_DIR", str(folder))
        assert command(["self-test", "--record"]) == 0
    return folder


@pytest.fixture
def copied(golden: Path, tmp_path: Path) -> Path:
    """The same, to be spoilt."""
    return Path(shutil.copytree(golden, tmp_path / "models"))


def reason(service: Service) -> str:
    """Why the service is not ready, once the start has ended."""

    def settled() -> bool:
        detail = service.client.get("/readyz").json().get("detail", "")
        return detail not in ("The models are being loaded.", "The self-test is running.")

    until(settled)
    detail: str = problem(service.client.get("/readyz"), 503, "not-ready")["detail"]
    return detail


def test_ready_when_the_self_test_passes(golden: Path) -> None:
    with running(Settings(models_dir=golden)) as service:
        assert service.client.get("/readyz").json() == {
            "status": "ready",
            "models": ["landmarks-68", "detector"],
        }


def test_live_before_ready(golden: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    may_load = threading.Event()

    def slow(settings: Settings) -> Any:
        may_load.wait(PATIENCE)
        return load_models(settings)

    monkeypatch.setattr(main, "load_models", slow)
    with running(Settings(models_dir=golden), ready=False) as service:
        assert service.client.get("/livez").json() == {"status": "live"}
        refused = service.client.get("/readyz")
        assert "being loaded" in problem(refused, 503, "not-ready")["detail"]
        problem(raw(service.client, "/pose", ONE_FACE), 503, "not-ready")
        problem(service.client.get("/v2/health/ready"), 503, "not-ready")
        may_load.set()
        service.wait_until_ready()
        assert faces(raw(service.client, "/pose", ONE_FACE))


def test_a_wrong_hash_keeps_it_unready_and_says_so_once(
    copied: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model = copied / "landmarks-68" / "model.onnx"
    model.write_bytes(model.read_bytes()[:-1] + b"!")
    with running(Settings(models_dir=copied), ready=False) as service:
        assert "model.onnx" in reason(service)
        assert service.client.get("/livez").status_code == 200
        problem(raw(service.client, "/pose", ONE_FACE), 503, "not-ready")
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(errors) == 1
    assert "model.onnx" in errors[0].getMessage()
    assert errors[0].exc_info is None


@pytest.mark.parametrize("missing", ["detector", "self-test/face.png", "self-test/expected.json"])
def test_missing_files_keep_it_unready(copied: Path, missing: str) -> None:
    path = copied / missing
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with running(Settings(models_dir=copied), ready=False) as service:
        assert Path(missing).name in reason(service)


def test_swapped_colours_keep_it_unready(golden: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def swapped(*args: Any) -> Any:
        image = images.decode(*args)
        pixels = np.ascontiguousarray(image.pixels[..., ::-1])
        return type(image)(pixels, image.orientation_applied)

    monkeypatch.setattr("app.analysis.decode", swapped)
    with running(Settings(models_dir=golden), ready=False) as service:
        assert "confidence differs" in reason(service)


def test_another_crop_keeps_it_unready(golden: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alignment.Aligner, "crop_scale", 1.2)
    with running(Settings(models_dir=golden), ready=False) as service:
        assert "a point is" in reason(service)


def test_another_model_keeps_it_unready(copied: Path) -> None:
    write_landmarks(copied / "landmarks-68", template=TEMPLATE_68 + np.float32(1e-6))
    with running(Settings(models_dir=copied), ready=False) as service:
        detail = reason(service)
        assert "another landmarks-68" in detail
        assert "--record" in detail


def test_a_wrong_truth_is_not_recorded(
    copied: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MIEN_MODELS_DIR", str(copied))
    before = (copied / "self-test" / "expected.json").read_bytes()
    path = copied / "self-test" / "face.json"
    labels = json.loads(path.read_text(encoding="utf-8"))
    mirrored = np.array(labels["faces"][0]["rotation"]) * np.outer((-1, 1, 1), (-1, 1, 1))
    labels["faces"][0]["rotation"] = mirrored.tolist()
    path.write_text(json.dumps(labels), encoding="utf-8")
    assert command(["self-test", "--record"]) == 1
    assert "Not recorded" in capsys.readouterr().err
    assert (copied / "self-test" / "expected.json").read_bytes() == before
    assert command(["self-test"]) == 0
    assert "passed" in capsys.readouterr().out


def test_a_device_that_is_not_there_ends_the_start(
    golden: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("onnxruntime")
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this onnxruntime has CUDA")
    settings = Settings(models_dir=golden, inference=InferenceSettings(device="cuda"))
    with (
        pytest.raises(AssertionError, match="did not start"),
        running(settings, ready=False),
    ):
        pass
    said = [
        record.getMessage() for record in caplog.records if "device=cuda" in record.getMessage()
    ]
    assert len(said) == 1
    assert "Traceback" not in caplog.text


class Held:
    """Keeps the detector's runs waiting until `release`."""

    def __init__(self, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
        self.started = threading.Event()
        self.release = threading.Event()
        batcher = service.app.state.readiness.get().models.detector.batcher
        self._run = batcher._run
        monkeypatch.setattr(batcher, "_run", self._wait)

    def _wait(self, items: Any) -> Any:
        self.started.set()
        self.release.wait(PATIENCE)
        return self._run(items)


def test_what_was_accepted_is_answered_before_the_end(
    golden: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = set(threading.enumerate())
    with (
        running(Settings(models_dir=golden)) as service,
        ThreadPoolExecutor(1) as pool,
    ):
        held = Held(service, monkeypatch)
        pending = pool.submit(raw, service.client, "/pose", ONE_FACE)
        assert held.started.wait(PATIENCE)
        service.server.should_exit = True
        time.sleep(0.2)
        assert not pending.done()
        held.release.set()
        assert len(faces(pending.result())) == 1
        service.thread.join(PATIENCE)
        assert not service.thread.is_alive()
    until(lambda: set(threading.enumerate()) <= before)


def test_an_answer_that_would_come_too_late_is_not_computed(
    golden: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        running(Settings(models_dir=golden)) as service,
        ThreadPoolExecutor(1) as pool,
    ):
        held = Held(service, monkeypatch)
        pending = pool.submit(raw, service.client, "/pose", ONE_FACE)
        assert held.started.wait(PATIENCE)
        headers = {"content-type": "image/png", "X-Deadline-Ms": "50"}
        late = service.client.post("/pose", content=ONE_FACE, headers=headers)
        problem(late, 504, "deadline-exceeded")
        held.release.set()
        assert len(faces(pending.result())) == 1
        batches = [batch.size for batch in service.observed.batches if batch.name == "detector"]
        assert batches == [1, 1]  # the self-test and the one that waited: the late one never ran


def test_a_fault_of_the_model_is_a_fixed_sentence(
    golden: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with running(Settings(models_dir=golden)) as service:
        batcher = service.app.state.readiness.get().models.detector.batcher
        run = batcher._run

        def broken(_: Any) -> Any:
            raise RuntimeError("secret of the machine")

        monkeypatch.setattr(batcher, "_run", broken)
        refused = raw(service.client, "/pose", ONE_FACE)
        problem(refused, 500, "internal")
        assert "secret" not in refused.text
        (logged,) = [record for record in caplog.records if record.levelname == "ERROR"]
        assert "secret" in logged.getMessage()
        assert logged.__dict__["facts"]["request_id"] == refused.headers["x-request-id"]
        monkeypatch.setattr(batcher, "_run", run)
        assert faces(raw(service.client, "/pose", ONE_FACE))


def test_a_full_queue_is_said_and_passes(golden: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(
        models_dir=golden,
        inference=InferenceSettings(max_queue=1, max_batch=1),
        limits=LimitSettings(),
    )
    with running(settings) as service, ThreadPoolExecutor(6) as pool:
        held = Held(service, monkeypatch)
        pending = [pool.submit(raw, service.client, "/pose", ONE_FACE) for _ in range(6)]
        until(lambda: sum(one.done() for one in pending) == 4)
        held.release.set()
        responses = [one.result() for one in pending]
    refused = [response for response in responses if response.status_code != 200]
    assert len(refused) == 4
    for response in refused:
        problem(response, 503, "overloaded")
        assert int(response.headers["retry-after"]) >= 1


def test_requests_share_batches(golden: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(Settings(models_dir=golden)) as service, ThreadPoolExecutor(5) as pool:
        held = Held(service, monkeypatch)
        pending = [pool.submit(raw, service.client, "/pose", ONE_FACE)]
        assert held.started.wait(PATIENCE)
        pending += [pool.submit(raw, service.client, "/pose", ONE_FACE) for _ in range(4)]
        until(lambda: service.app.state.readiness.get().models.detector.batcher.waiting == 4)
        held.release.set()
        assert all(len(faces(one.result())) == 1 for one in pending)
        sizes = [batch.size for batch in service.observed.batches if batch.name == "detector"]
        assert sizes == [1, 1, 4]


def test_the_record_of_a_request_holds_no_content(service: Service) -> None:
    answer(service.client.post("/landmarks", files=form(ONE_FACE), params={"max_faces": 1}))
    until(lambda: service.observed.requests[-1].path == "/landmarks")
    record = service.observed.requests[-1]
    assert (record.method, record.status, record.images, record.faces) == ("POST", 200, 1, 1)
    assert record.stages["decode"] > 0
    assert "0.png" not in repr(record)


def test_labels_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "face.json"
    for text in ("{}", "no json", '{"faces": []}'):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(self_test.SelfTestError, match=r"face\.json"):
            self_test.read_truth(path)
