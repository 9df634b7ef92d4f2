"""What the Dockerfiles promise, as far as it can be read off them. The rest: tests/container."""

import fnmatch
import re
import tomllib
from pathlib import PurePosixPath

import pytest

from app.face.card import load_card
from tests.docker.dockerfiles import ALL, ROOT, SERVING, instructions, of_kind

LOCKS = {
    "Dockerfile": "requirements/serve-cpu.txt",
    "docker/gpu.Dockerfile": "requirements/serve-gpu.txt",
    "docker/training.Dockerfile": "requirements/training.txt",
}


def copied(name: str) -> list[str]:
    """Paths of the repository that are copied."""
    found = [one.split()[:-1] for one in of_kind(name, "COPY") if not one.startswith("--from")]
    return [path for paths in found for path in paths]


def let_in(path: str) -> bool:
    """By .dockerignore, whose last fitting line decides."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    verdict = True
    for line in (line for line in lines if line and not line.startswith("#")):
        pattern = line.removeprefix("!")
        parents = [path, *map(str, PurePosixPath(path).parents)]
        if any(fnmatch.fnmatchcase(one, pattern) for one in parents if one != "."):
            verdict = line.startswith("!")
    return verdict


def test_large_models_that_were_rebuilt_here_stay_out() -> None:
    assert let_in("models/face-68/model.onnx")
    assert let_in("models/large/cnn-450/card.json")
    assert not let_in("models/large/cnn-450/model.onnx")


@pytest.mark.parametrize("name", ALL)
def test_versions_are_those_of_the_project(name: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    versions = {one for one in of_kind(name, "ARG") if one.startswith("VERSION=")}
    assert versions == {f"VERSION={project['version']}"}
    assert f'licenses="{project["license"]}"' in "".join(of_kind(name, "LABEL"))


@pytest.mark.parametrize("name", SERVING)
def test_the_label_names_the_strictest_edition(name: str) -> None:
    editions = {
        load_card(path.parent).licence.edition for path in (ROOT / "models").glob("*/card.json")
    }
    (labels,) = of_kind(name, "LABEL")
    assert ('mien.models.edition="research:' in labels) == ("research" in editions)


@pytest.mark.parametrize("name", ALL)
def test_one_base_and_nobody_is_root(name: str) -> None:
    (base,) = [one for one in of_kind(name, "ARG") if one.startswith("BASE=")]
    assert base == "BASE=python:3.11-slim-bookworm"
    assert [one.split()[0] for one in of_kind(name, "FROM")] == ["${BASE}", "${BASE}"]
    assert of_kind(name, "USER") == ["10001:10001"]


@pytest.mark.parametrize("name", ALL)
def test_packages_are_those_of_the_lock(name: str) -> None:
    assert [path for path in copied(name) if path.startswith("requirements")] == [LOCKS[name]]
    (install,) = [one for one in of_kind(name, "RUN") if " install " in one]
    assert "--no-deps --require-hashes --only-binary=:all:" in install


@pytest.mark.parametrize("name", ALL)
def test_what_is_copied_is_there_and_let_in(name: str) -> None:
    assert [path for path in copied(name) if not (ROOT / path).exists()] == []
    assert [path for path in copied(name) if not let_in(path)] == []


@pytest.mark.parametrize(
    "path", [".env", ".git/config", "data/w300/labels.npz", "runs/face-68", ".venvs/dev/bin/python"]
)
def test_nothing_else_is_let_in(path: str) -> None:
    assert not let_in(path)


def test_both_services_are_built_alike() -> None:
    """They differ in the lock, in what is about CUDA, and in how they introduce themselves."""
    of_cpu, of_gpu = map(instructions, SERVING)
    own = r"serve-[cg]pu\.txt|cuda|CUDA|self-test|description=|^ENV PATH|^HEALTHCHECK"
    common = [[one for one in each if not re.search(own, one)] for each in (of_cpu, of_gpu)]
    assert common[0] == common[1]
    assert len(common[0]) > 15
