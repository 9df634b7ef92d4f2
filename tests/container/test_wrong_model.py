"""A model file that is not the one of its card: the service says so and takes no requests."""

import shutil
from pathlib import Path

from tests.container.engine import ROOT, Engine, until


def test_a_wrong_hash_keeps_it_unready(engine: Engine, image: str, tmp_path: Path) -> None:
    models = tmp_path / "models"
    shutil.copytree(ROOT / "models", models)
    wrong = bytearray((models / "detector" / "model.onnx").read_bytes())
    wrong[len(wrong) // 2] ^= 1
    (models / "detector" / "model.onnx").write_bytes(wrong)
    models.chmod(0o755)
    with engine.running(image, f"--volume={models}:/srv/mien/models:ro") as container:
        (line,) = until(lambda: container.lines("not ready"))
        assert line["level"] == "error"
        assert "detector/model.onnx" in line["message"]
        assert "SHA-256" in line["message"]
        assert container.client.get("/livez").status_code == 200
        refused = container.client.get("/readyz")
        assert refused.status_code == 503
        assert "detector/model.onnx" in refused.json()["detail"]
        assert not container.healthy()
        assert container.running
