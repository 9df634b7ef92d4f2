"""The documentation names what there is: settings and defaults, error codes, parameters, files."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from app import errors
from app.errors import MienError
from app.face.card import load_card
from app.face.landmarks import SCHEMES
from app.face.rotation import CONVENTIONS
from app.observability.exposition import Exposition
from app.observability.metrics import FAMILIES
from app.options import Query
from app.processes.crew import Crew
from app.settings import Settings

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def settings(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, object]]:
    """(environment variable, default) of every setting."""
    for name, field in model.model_fields.items():
        if isinstance(field.default, BaseModel):
            yield from settings(type(field.default), f"{prefix}{name.upper()}__")
        else:
            yield f"{prefix}{name.upper()}", field.default


def documented(default: object) -> str:
    if default is None:
        return "unset"
    if isinstance(default, Path):
        return f"`{default.name}`"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, tuple):
        return f"`{','.join(default)}`"
    return f"`{default}`"


@pytest.mark.parametrize(("variable", "default"), list(settings(Settings, "MIEN_")))
def test_every_setting_is_documented_with_its_default(variable: str, default: object) -> None:
    assert f"| `{variable}` | {documented(default)} |" in page("operations.md")


def test_no_setting_is_documented_that_does_not_exist() -> None:
    known = {variable for variable, _ in settings(Settings, "MIEN_")}
    for path in PAGES:
        named = set(re.findall(r"MIEN_[A-Z_]*[A-Z]\b", path.read_text(encoding="utf-8")))
        assert named <= known


def test_every_error_code_is_documented() -> None:
    classes = {
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, MienError)
    }
    codes = {cls.code for cls in classes}
    assert len(codes) > 10
    assert {code for code in codes if f"`{code}`" not in page("api.md")} == set()


def test_every_metric_is_documented_with_its_labels() -> None:
    text = Exposition(Crew(1), {"version": "1", "onnxruntime": "1"}, dict).text().decode()
    names = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
    table = dict(
        re.findall(r"^\| `(mien_\w+)` \| ([\w, ]*?) ?\|", page("operations.md"), re.MULTILINE)
    )
    assert names == table.keys()
    for family in FAMILIES:
        assert table[family.name] == ", ".join(family.labels)


def test_every_query_parameter_is_documented() -> None:
    assert {name for name in Query.model_fields if f"`{name}`" not in page("api.md")} == set()


def test_every_convention_and_scheme_is_documented() -> None:
    text = page("conventions.md")
    assert {name for name in (*CONVENTIONS, *SCHEMES) if f"| `{name}` |" not in text} == set()


def test_the_readmes_answer_is_that_of_the_shipped_models() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = re.search(r"<!-- example:answer -->\n```json\n(.*?)\n```", readme, re.DOTALL)
    assert block, "write it with `python -m docs.example`"
    face = json.loads(block[1])["results"][0]["faces"][0]
    recorded = json.loads((ROOT / "models/self-test/expected.json").read_text(encoding="utf-8"))
    for angle, value in recorded["recorded"]["pose"].items():
        assert face["pose"][angle] == pytest.approx(value, abs=0.1)


def test_every_published_model_of_faces_is_compared() -> None:
    files = [*(ROOT / "models").glob("*/card.json"), *(ROOT / "models/large").glob("*/card.json")]
    cards = [load_card(file.parent) for file in files]
    names = {card.name for card in cards if card.task != "detection"}
    assert {name for name in names if f"| `{name}` |" not in page("zoo.md")} == set(), (
        "write it with `python -m training zoo`"
    )


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
    assert [target for target in targets if not (path.parent / target).exists()] == []
