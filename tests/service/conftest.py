import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from app.__main__ import main as command
from app.settings import Settings
from tests.service.serving import ONE_FACE, RED, Service, running, write_models
from tests.tiny_models import TEMPLATE_68


@pytest.fixture(scope="session")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_models(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def service(models_dir: Path) -> Iterator[Service]:
    """One service that all tests with ordinary settings share."""
    with running(Settings(models_dir=models_dir, self_test=False)) as started:
        yield started


@pytest.fixture(scope="session")
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
        patch.setattr("app.__main__.configure_logging", lambda _: None)
        assert command(["self-test", "--record"]) == 0
    return folder
