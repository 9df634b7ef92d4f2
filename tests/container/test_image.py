"""What is in the image, and what it weighs."""

import re
import tomllib
from typing import Any

from tests.container.engine import ROOT, Container, Engine

MOST_BYTES = 450_000_000

_WEIGH = """
import json, pathlib, sysconfig
def weigh(path):
    files = [path] if path.is_file() else path.rglob("*")
    return sum(one.lstat().st_size for one in files if one.is_symlink() or one.is_file())
environment, ours = pathlib.Path("/opt/venv"), pathlib.Path("/srv/mien")
packages = pathlib.Path(sysconfig.get_path("purelib"))
parts = {one.name: weigh(one) for one in [*packages.iterdir(), *ours.iterdir()]}
print(json.dumps([weigh(environment) + weigh(ours), parts]))
"""
_INSTALLED = """
import importlib.metadata, json
print(json.dumps({one.name.lower(): one.version for one in importlib.metadata.distributions()}))
"""


def project() -> dict[str, Any]:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return dict(tomllib.loads(text)["project"])


def test_it_is_small(service: Container, measured: dict[str, str]) -> None:
    total, parts = service.python(_WEIGH)
    measured["above the base, MB"] = f"{total / 1e6:.0f}"
    for name, size in sorted(parts.items(), key=lambda part: -part[1])[:8]:
        measured[f"  {name}"] = f"{size / 1e6:.1f}"
    assert total <= MOST_BYTES


def test_it_holds_what_is_pinned_and_nothing_else(service: Container) -> None:
    lock = (ROOT / "requirements" / "serve-cpu.txt").read_text(encoding="utf-8")
    pins = dict(re.findall(r"^([a-z0-9][\w.-]*)==([^\s;]+)", lock, re.MULTILINE))
    assert len(pins) > 20
    installed = service.python(_INSTALLED)
    assert {name.replace("_", "-"): version for name, version in installed.items()} == {
        **pins,
        "mien": project()["version"],
    }
    held = service.python("import json, os; print(json.dumps(sorted(os.listdir('/srv/mien'))))")
    assert held == ["LICENSE", "NOTICE", "app", "models"]


def test_it_says_what_it_is(engine: Engine, image: str, revision: str) -> None:
    config = engine.inspect(image)["Config"]
    labels = config["Labels"]
    assert labels["org.opencontainers.image.title"] == "mien"
    assert labels["org.opencontainers.image.version"] == project()["version"]
    assert labels["org.opencontainers.image.licenses"] == project()["license"]
    assert labels["org.opencontainers.image.revision"] == revision
    assert config["User"] == "10001:10001"
    assert "8000/tcp" in config["ExposedPorts"]


def test_the_service_knows_its_version(service: Container) -> None:
    assert f'version="{project()["version"]}"' in service.client.get("/metrics").text
