"""What the repository promises of itself: nothing local in it, honest lock files."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = ("serve-cpu", "serve-gpu", "dev", "training")
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
# Bracketed letters keep this file from matching itself.
REGISTRY_HOST = (
    r"py[p]i\.org|python[h]osted\.org|registry\.npm[j]s|deb\.deb[i]an\.org|archive\.ubun[t]u"
)
MACHINE_PATH = r"/[r]oot/|/[h]ome/[a-z]|/[U]sers/[A-Za-z]|/[w]ork/(?:main|shared)"
LOCAL = re.compile(f"{REGISTRY_HOST}|{MACHINE_PATH}", re.IGNORECASE)


def repository_files() -> list[Path]:
    """Tracked files, and those that would be added."""
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("not a git checkout: what is tracked is unknown")
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


def pins(lock: Path) -> dict[str, str]:
    found = re.findall(r"^([a-z0-9][\w.-]*)==(\S+)", lock.read_text(encoding="utf-8"), re.MULTILINE)
    return dict(found)


def project_file() -> dict[str, dict[str, object]]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_no_registry_hosts_and_no_machine_paths() -> None:
    files = repository_files()
    assert files
    found = []
    for path in files:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            if LOCAL.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}")
    assert found == []


def test_no_large_files() -> None:
    large = [path.name for path in repository_files() if path.stat().st_size > 12_000_000]
    assert large == []


def test_the_lock_files_are_there() -> None:
    assert {lock.stem for lock in LOCKS} == {*OURS, "peers"}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_lock_files_pin_hash_and_name_no_index(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    requirements = re.split(r"^(?=\S)", "\n".join(lines), flags=re.MULTILINE)
    assert len([part for part in requirements if part]) == len(pins(lock)) > 0
    assert all("--hash=sha256:" in part for part in requirements if part)
    assert "://" not in text
    assert not re.search(r"^\s*(-i|-f|--(extra-)?index|--find-links|--trusted)", text, re.MULTILINE)


@pytest.mark.parametrize("name", ["dev", "training", "serve-gpu"])
def test_what_is_tested_is_what_is_served(name: str) -> None:
    served = pins(ROOT / "requirements" / "serve-cpu.txt")
    other = pins(ROOT / "requirements" / f"{name}.txt")
    shared = served.keys() & other.keys()
    assert len(shared) > 10
    assert {key: other[key] for key in shared} == {key: served[key] for key in shared}


def test_the_two_engines_exclude_each_other() -> None:
    assert project_file()["tool"]["uv"] == {"conflicts": [[{"extra": "cpu"}, {"extra": "gpu"}]]}
    for name in OURS:
        pinned = pins(ROOT / "requirements" / f"{name}.txt").keys()
        assert len({"onnxruntime", "onnxruntime-gpu"} & pinned) == 1


def test_the_service_needs_no_training_library() -> None:
    for name in ("serve-cpu", "serve-gpu", "dev"):
        assert (
            pins(ROOT / "requirements" / f"{name}.txt").keys().isdisjoint({"tensorflow", "keras"})
        )
