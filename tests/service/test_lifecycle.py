"""From start to end: live at once, ready when the numbers are right, drained on the way out."""

import json
import logging
import shutil
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app import main, self_test
from app.__main__ import main as command
from app.analysis import open_analyzer
from app.face.card import load_card
from app.images import decoding
from app.measuring import alignment
from app.observability.observer import LogObserver
from app.open_models import load_models
from app.settings import InferenceSettings, Settings
from tests.service.serving import (
    DEFAULT,
    ONE_FACE,
    PATIENCE,
    Service,
    answer,
    faces,
    problem,
    raw,
    running,
    until,
)
from tests.tiny_graphs import BASE_STD
from tests.tiny_models import TEMPLATE_68, write_landmarks
from tests.tiny_precisions import add_int8


@pytest.fixture
def copied(golden: Path, tmp_path: Path) -> Path:
    """The same, to be spoilt."""
    return Path(shutil.copytree(golden, tmp_path / "models"))


def reason(service: Service) -> str:
    """Why the service is not ready, once the start has ended."""

    def settled() -> bool:
        detail = service.client.get("/readyz").json().get("detail", "")
        return not detail.startswith(("The models are being loaded.", "The self-test is running."))

    until(settled)
    detail: str = problem(service.client.get("/readyz"), 503, "not-ready")["detail"]
    assert str(service.app.state.settings.models_dir) not in detail
    return detail


def test_the_log_names_the_files_that_run(copied: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "mien.start")
    add_int8(copied / DEFAULT, faster_on=[], shift=BASE_STD / 20)
    add_int8(copied / "detector", faster_on=[], network=copied / "detector")
    settings = Settings(models_dir=copied, inference=InferenceSettings(precision="int8"))
    with running(settings) as service:
        listed = service.client.get("/models").json()["models"]
        served = {model["name"]: model["sha256"] for model in listed}
        (ready,) = [record for record in caplog.records if record.getMessage() == "ready"]
        assert ready.__dict__["facts"]["models"] == served
        assert served[DEFAULT] != load_card(copied / DEFAULT).file.sha256
        told = answer(raw(service.client, "/pose", ONE_FACE))
        assert [told[part]["precision"] for part in ("model", "detector")] == ["int8", "int8"]
        assert told["model"]["sha256"] == served[DEFAULT]


def test_ready_when_the_self_test_passes(golden: Path) -> None:
    with running(Settings(models_dir=golden)) as service:
        assert service.client.get("/readyz").json() == {
            "status": "ready",
            "models": [DEFAULT, "detector"],
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
    model = copied / DEFAULT / "model.onnx"
    model.write_bytes(model.read_bytes()[:-1] + b"!")
    with running(Settings(models_dir=copied), ready=False) as service:
        assert "model.onnx" in reason(service)
        assert service.client.get("/livez").status_code == 200
        problem(raw(service.client, "/pose", ONE_FACE), 503, "not-ready")
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(errors) == 1
    assert str(model) in errors[0].getMessage()  # where it is: for the log alone
    assert errors[0].exc_info is None


@pytest.mark.parametrize("missing", ["detector", "self-test/face.png", "self-test/expected.json"])
def test_missing_files_keep_it_unready(copied: Path, missing: str) -> None:
    path = copied / missing
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with running(Settings(models_dir=copied), ready=False) as service:
        assert Path(missing).name in reason(service)


def test_swapped_colours_keep_it_unready(golden: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def swapped(*args: Any) -> Any:
        image = decoding.decode(*args)
        pixels = np.ascontiguousarray(image.pixels[..., ::-1])
        return type(image)(pixels, image.orientation_applied)

    monkeypatch.setattr("app.image_steps.decode", swapped)
    with running(Settings(models_dir=golden), ready=False) as service:
        assert "confidence differs" in reason(service)


def test_another_crop_keeps_it_unready(golden: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alignment.Aligner, "crop_scale", 1.2)
    with running(Settings(models_dir=golden), ready=False) as service:
        assert "a point is" in reason(service)


async def test_cheaper_arithmetic_is_held_less_tightly_to_what_was_recorded(
    copied: Path,
) -> None:
    file = copied / "self-test" / "expected.json"
    expected = json.loads(file.read_text())
    recorded = expected["recorded"]
    size = np.sqrt(np.prod(recorded["box"][2:]))
    recorded["points"] = (np.array(recorded["points"]) + (0.01 * size, 0)).tolist()
    file.write_text(json.dumps(expected))
    settings = Settings(models_dir=copied)
    opened = load_models(settings)
    async with open_analyzer(opened, settings, LogObserver().batch) as analyzer:
        parts = analyzer.analyze, main.hashes(analyzer), file.parent
        await self_test.run(*parts, exact=False)
        with pytest.raises(self_test.SelfTestError, match=r"recorded: a point is 1\.0"):
            await self_test.run(*parts, exact=True)
        recorded["points"] = (np.array(recorded["points"]) + (0.01 * size, 0)).tolist()
        file.write_text(json.dumps(expected))
        with pytest.raises(self_test.SelfTestError, match=r"allowed 1\.50%"):
            await self_test.run(*parts, exact=False)


def test_another_model_keeps_it_unready(copied: Path) -> None:
    write_landmarks(copied / DEFAULT, template=TEMPLATE_68 + np.float32(1e-6))
    with running(Settings(models_dir=copied), ready=False) as service:
        detail = reason(service)
        assert f"another {DEFAULT}" in detail
        assert "--record" in detail


def test_a_wrong_truth_is_not_recorded(
    copied: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MIEN_MODELS_DIR", str(copied))
    monkeypatch.setattr("app.__main__.configure_logging", lambda _: None)
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


def test_labels_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "face.json"
    for text in ("{}", "no json", '{"faces": []}'):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(self_test.SelfTestError, match=r"face\.json"):
            self_test.read_truth(path)
