"""docker-compose.yml: valid, and of one mind with the images and with what watches them."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.processes.workers import STOPPING_SECONDS
from app.settings import Settings
from tests.docker.dockerfiles import ROOT, SERVING, of_kind

COMPOSE = ROOT / "docker-compose.yml"
MONITORING = ROOT / "docker" / "monitoring"
PROVISIONING = MONITORING / "grafana" / "provisioning"


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


SERVICES: dict[str, dict[str, Any]] = read(COMPOSE)["services"]
OURS = {"mien": "Dockerfile", "mien-gpu": "docker/gpu.Dockerfile"}
BUILT = {**OURS, "training": "docker/training.Dockerfile"}


def inner_port(service: str) -> int:
    (port,) = SERVICES[service]["ports"]
    return int(port.rpartition(":")[2])


def mounted(service: str) -> dict[str, str]:
    """Path in the container -> path in the repository, or the name of a volume."""
    entries = [re.sub(r"\$\{\w+:-(.*?)\}", r"\1", one) for one in SERVICES[service]["volumes"]]
    return {parts[1]: parts[0] for parts in (entry.split(":") for entry in entries)}


def test_it_is_valid() -> None:
    """By the schema of the Compose specification."""
    command = ["-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_what_starts_without_a_profile_is_the_service() -> None:
    assert [name for name, service in SERVICES.items() if "profiles" not in service] == ["mien"]
    profiles = {profile for one in SERVICES.values() for profile in one.get("profiles", ())}
    assert profiles == {"gpu", "monitoring", "training"}


@pytest.mark.parametrize(("name", "dockerfile"), BUILT.items())
def test_what_is_built_here(name: str, dockerfile: str) -> None:
    build = SERVICES[name]["build"]
    assert (build if isinstance(build, dict) else {}).get("dockerfile", "Dockerfile") == dockerfile
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert re.fullmatch(rf"[a-z-]+:{re.escape(version)}(-gpu)?", SERVICES[name]["image"])


@pytest.mark.parametrize("name", SERVICES.keys() - BUILT.keys())
def test_what_is_fetched_has_a_full_version(name: str) -> None:
    assert re.fullmatch(r"[a-z]+/[a-z]+:v?\d+\.\d+\.\d+", SERVICES[name]["image"])


@pytest.mark.parametrize("name", BUILT)
def test_ours_get_no_more_than_they_need(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service


@pytest.mark.parametrize("name", OURS)
def test_there_is_time_for_an_orderly_end(name: str) -> None:
    seconds = int(SERVICES[name]["stop_grace_period"].removesuffix("s"))
    assert seconds >= Settings().server.drain_seconds + STOPPING_SECONDS


@pytest.mark.parametrize(("name", "dockerfile"), OURS.items())
def test_the_port_is_the_services_own(name: str, dockerfile: str) -> None:
    assert dockerfile in SERVING
    assert of_kind(dockerfile, "EXPOSE") == [str(Settings().server.port)]
    assert SERVICES[name]["ports"] == [f"${{PORT:-8000}}:{Settings().server.port}"]


def test_files_that_are_mounted_exist() -> None:
    for name in ("prometheus", "grafana"):
        sources = [source for source in mounted(name).values() if source.startswith("./")]
        assert sources
        assert [source for source in sources if not (ROOT / source).exists()] == []
    volumes = {
        source
        for name in SERVICES
        if "volumes" in SERVICES[name]
        for source in mounted(name).values()
        if not source.startswith("./")
    }
    assert volumes == read(COMPOSE)["volumes"].keys()


def test_prometheus_finds_the_service() -> None:
    config = next(one for one in SERVICES["prometheus"]["command"] if "--config.file=" in one)
    source = mounted("prometheus")[config.partition("=")[2]]
    (job,) = read(ROOT / source)["scrape_configs"]
    (found,) = job["dns_sd_configs"]
    for name in OURS:
        assert found["names"] == SERVICES[name]["networks"]["default"]["aliases"]
        assert found["port"] == inner_port(name)
    assert job["metrics_path"] == "/metrics"


def test_grafana_finds_prometheus() -> None:
    (source,) = read(PROVISIONING / "datasources" / "prometheus.yml")["datasources"]
    assert source["url"] == f"http://prometheus:{inner_port('prometheus')}"
    text = (MONITORING / "grafana" / "dashboards" / "mien.json").read_text(encoding="utf-8")
    assert set(re.findall(r'"type": "prometheus", "uid": "(\w+)"', text)) == {source["uid"]}


def test_grafana_finds_the_dashboard() -> None:
    (provider,) = read(PROVISIONING / "dashboards" / "mien.yml")["providers"]
    folder = provider["options"]["path"]
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home.startswith(f"{folder}/")
    assert (ROOT / mounted("grafana")[folder] / home.removeprefix(f"{folder}/")).is_file()
    assert ROOT / mounted("grafana")["/etc/grafana/provisioning"] == PROVISIONING
