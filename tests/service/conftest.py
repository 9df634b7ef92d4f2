from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings import Settings
from tests.service.serving import Service, running, write_models


@pytest.fixture(scope="session")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_models(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def service(models_dir: Path) -> Iterator[Service]:
    """One service that all tests with ordinary settings share."""
    with running(Settings(models_dir=models_dir, self_test=False)) as started:
        yield started
