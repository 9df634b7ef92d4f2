"""The images' health check, run against a service."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.settings import Settings
from tests.docker.dockerfiles import SERVING, health_check
from tests.service.serving import Service, running


def healthy(command: list[str], service: Service) -> bool:
    assert command[0] == "python"
    environment = os.environ | {"MIEN_SERVER__PORT": str(service.port)}
    done = subprocess.run([sys.executable, *command[1:]], env=environment, check=False)
    return done.returncode == 0


@pytest.mark.parametrize("name", SERVING)
def test_healthy_when_it_is_ready(name: str, service: Service) -> None:
    service.wait_until_ready()
    assert healthy(health_check(name), service)


@pytest.mark.parametrize("name", SERVING)
def test_unhealthy_when_its_models_cannot_be_served(name: str, tmp_path: Path) -> None:
    with running(Settings(models_dir=tmp_path), ready=False) as service:
        assert not healthy(health_check(name), service)
