"""How each of the other servers is started."""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.service import HOST, Launch

ENVIRONMENTS = Path(".venvs")  # bench-<name> in it, made by the Makefile


def launches(models: Path, workers: int, environments: Path = ENVIRONMENTS) -> list[Launch]:
    """All of them; whether their environments are there is for the caller to see."""
    made = []
    for name, (title, make) in _PEERS.items():
        python = environments.absolute() / f"bench-{name}" / "bin" / "python"
        command, path, own = make(str(python), workers)
        common = {
            "MIEN_MODELS_DIR": str(models.resolve()),
            "BENCHMARK_WORKERS": str(workers),
            "BENCHMARK_PORT": "{port}",
            "PYTHONUNBUFFERED": "1",
        }
        made.append(Launch(name, title, command, {**common, **own}, path))
    return made


_Made = tuple[list[str], str, Mapping[str, str]]


def _plain(python: str, workers: int) -> _Made:
    app = ["uvicorn", "--factory", "benchmarks.serving.plain_fastapi:create_app"]
    where = ["--host", HOST, "--port", "{port}", "--workers", str(workers)]
    return [python, "-m", *app, *where, "--no-access-log"], "/analyze", {}


def _mosec(python: str, _: int) -> _Made:
    command = [python, "-m", "benchmarks.serving.by_mosec"]
    return (
        command,
        "/inference",
        {"MOSEC_ADDRESS": HOST, "MOSEC_PORT": "{port}", "MOSEC_TIMEOUT": "60000"},
    )


def _litserve(python: str, _: int) -> _Made:
    return [python, "-m", "benchmarks.serving.by_litserve"], "/analyze", {}


def _bentoml(python: str, _: int) -> _Made:
    service = "benchmarks.serving.by_bentoml:Analysis"
    command = [python, "-m", "bentoml", "serve", service, "--host", HOST, "--port", "{port}"]
    home = str(Path(tempfile.gettempdir()) / "benchmark-bentoml")
    return command, "/analyze", {"BENTOML_HOME": home, "BENTOML_DO_NOT_TRACK": "True"}


def _kserve(python: str, workers: int) -> _Made:
    command = [python, "-m", "benchmarks.serving.by_kserve"]
    options = ["--http_port", "{port}", "--workers", str(workers)]
    return [*command, *options], "/v1/models/mien:predict", {}


_PEERS: Mapping[str, tuple[str, Callable[[str, int], _Made]]] = {
    "plain": ("FastAPI and uvicorn", _plain),
    "mosec": ("mosec", _mosec),
    "litserve": ("LitServe", _litserve),
    "bentoml": ("BentoML", _bentoml),
    "kserve": ("KServe", _kserve),
}
NAMES = tuple(_PEERS)
