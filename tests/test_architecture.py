"""The import rules of docs/architecture.md, and what importing the service loads."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = {"tensorflow", "keras", "tf2onnx", "torch", "jax", "matplotlib"}
LEAVES = {"settings", "errors", "schemas"}
# Commands sit on main, main on routes, routes on the analysis, the analysis on the parts, the
# parts on app.face.
RANKS = {"__main__": 5, "commands": 5, "main": 4, "routes": 3, "analysis": 2, "face": 0}
RANK_OF_PARTS = 1


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {
    module_name(path): path
    for package in ("app", "training")
    for path in sorted((ROOT / package).rglob("*.py"))
}
APP = sorted(name for name in SOURCES if name.split(".")[0] == "app")
TRAINING = sorted(name for name in SOURCES if name.split(".")[0] == "training")


def imported_modules(module: str) -> Iterator[str]:
    """Full dotted names; `from package import name` gives the submodule where it is one."""
    path = SOURCES[module]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = (
                    module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
                )
                package = package[: len(package) - node.level + 1]
                base = ".".join([*package, *([base] if base else [])])
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                yield inner if inner in SOURCES else base


def top(name: str) -> str:
    return name.split(".", maxsplit=1)[0]


def part_of_app(name: str) -> str:
    """`app.routes.pose` -> `routes`; the package itself holds no code and counts as the core."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else "face"


def within_app(module: str) -> set[str]:
    return {name for name in imported_modules(module) if top(name) == "app"}


@pytest.mark.parametrize("module", APP)
def test_app_never_imports_training_or_its_libraries(module: str) -> None:
    assert {top(name) for name in imported_modules(module)}.isdisjoint(
        HEAVY | {"training", "tests"}
    )


@pytest.mark.parametrize("module", [name for name in APP if part_of_app(name) == "face"])
def test_the_shared_core_stands_alone(module: str) -> None:
    allowed = set(sys.stdlib_module_names) | {"numpy", "cv2", "pydantic"}
    foreign = {
        name
        for name in imported_modules(module)
        if top(name) not in allowed and not name.startswith("app.face")
    }
    assert foreign == set()


@pytest.mark.parametrize("module", TRAINING)
def test_training_takes_only_the_shared_core_from_app(module: str) -> None:
    assert all(name.startswith("app.face") for name in within_app(module))


@pytest.mark.parametrize("module", [name for name in APP if part_of_app(name) in LEAVES])
def test_leaves_import_nothing_of_the_service(module: str) -> None:
    own = part_of_app(module)
    assert {part_of_app(name) for name in within_app(module)} <= {own, "face"}


@pytest.mark.parametrize("module", [name for name in APP if part_of_app(name) not in LEAVES])
def test_imports_in_app_go_downward(module: str) -> None:
    rank = RANKS.get(part_of_app(module), RANK_OF_PARTS)
    upward = {
        name
        for name in within_app(module)
        if part_of_app(name) not in LEAVES and RANKS.get(part_of_app(name), RANK_OF_PARTS) > rank
    }
    assert upward == set()


@pytest.mark.parametrize("modules", [APP, TRAINING], ids=["app", "training"])
def test_no_import_cycles(modules: list[str]) -> None:
    graph = {
        name: {other for other in imported_modules(name) if other in SOURCES} for name in modules
    }
    for name, imported in graph.items():
        imported.discard(name)
    assert len(list(TopologicalSorter(graph).static_order())) >= len(modules)


def test_no_cycles_between_the_packages_of_app() -> None:
    graph: dict[str, set[str]] = {}
    for name in APP:
        if "." in name:
            others = {part_of_app(other) for other in within_app(name)}
            graph.setdefault(part_of_app(name), set()).update(others - {part_of_app(name)})
    assert {"images", "inference", "measuring"} <= graph.keys()
    list(TopologicalSorter(graph).static_order())  # CycleError names a cycle


def test_every_library_the_service_imports_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared_text = [*project["dependencies"], *project["optional-dependencies"]["cpu"]]
    declared = {
        text.split(";")[0].split("[")[0].split(">")[0].split("=")[0].strip()
        for text in declared_text
    }
    distributions = packages_distributions()
    imported = {top(name) for module in APP for name in imported_modules(module)}
    third_party = imported - set(sys.stdlib_module_names) - {"app", ""}
    undeclared = {
        name
        for name in third_party
        # Names are spelt with either sign.
        if declared.isdisjoint(own.replace("_", "-") for own in distributions.get(name, []))
    }
    assert undeclared == set()


def test_importing_the_service_loads_no_training_library() -> None:
    program = "import sys, app.main; print(*sys.modules, sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = {top(name) for name in done.stdout.split()}
    assert "app" in loaded
    assert loaded.isdisjoint(HEAVY | {"training"})
