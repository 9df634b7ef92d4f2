"""docs/container.md explains each line that the service logs, and no other."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.docker.dockerfiles import ALL, ROOT

PAGE = (ROOT / "docs" / "container.md").read_text(encoding="utf-8")
LEVELS = ("info", "warning", "error", "critical")


def logged() -> Iterator[tuple[str, str]]:
    """(message, level) of every call of a logger, at levels that are on by default."""
    for path in sorted((ROOT / "app").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in LEVELS
                and node.args
                and isinstance(node.args[0], ast.Constant)
                and isinstance(node.args[0].value, str)
                and node.args[0].value != "%s"
            ):
                yield node.args[0].value, node.func.attr


def explained() -> dict[str, str]:
    """Message -> level."""
    table = PAGE.partition("## What the log lines mean")[2]
    return dict(re.findall(r"^\| `([^`]+)` \| (\w+) \|", table, re.MULTILINE))


def pattern(message: str) -> str:
    return re.escape(message).replace(r"\.\.\.", r"[^\n]*")


def test_every_line_is_explained() -> None:
    assert len(set(logged())) > 8
    for message, level in logged():
        assert any(
            re.fullmatch(pattern(shown), message) and its == level
            for shown, its in explained().items()
        ), message


def test_no_line_is_explained_that_there_is_not() -> None:
    sources = "\n".join(
        path.read_text(encoding="utf-8") for path in sorted((ROOT / "app").rglob("*.py"))
    )
    for message in explained():
        assert re.search(f'"{pattern(message)}', sources), message


def test_the_images_are_named() -> None:
    assert [name for name in ALL if f"`{name}`" not in PAGE] == []
    assert Path(ROOT / "docker" / "container").stat().st_mode & 0o111
