"""Further files of a network on its card."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.face.card import CardError, load_card, verify
from tests.tiny_models import write_landmarks
from tests.tiny_precisions import add_int8


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = write_landmarks(tmp_path / "landmarks-68")
    add_int8(folder, faster_on=["avx512_vnni"])
    return folder


def test_a_card_without_them_has_no_such_entry(tmp_path: Path, folder: Path) -> None:
    plain = load_card(write_landmarks(tmp_path / "plain"))
    assert "precisions" not in plain.model_dump(mode="json")
    (entry,) = load_card(folder).model_dump(mode="json")["precisions"]
    assert entry["metrics"][0]["value"] == 0.031


def test_each_file_is_verified_by_itself(folder: Path) -> None:
    card = load_card(folder)
    (file,) = card.precisions
    verify(folder, card, file)
    (folder / file.name).unlink()
    verify(folder, card)
    with pytest.raises(CardError, match=r"model.int8.onnx cannot be read"):
        verify(folder, card, file)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"metrics": []}, "metrics"),
        ({"name": "../model.int8.onnx"}, "name"),
        ({"name": "model.onnx"}, "name"),
        ({"precision": "int4"}, "precision"),
        ({"sha256": "0"}, "sha256"),
    ],
)
def test_wrong_entries_are_refused(folder: Path, change: dict[str, Any], message: str) -> None:
    path = folder / "card.json"
    card = json.loads(path.read_text(encoding="utf-8"))
    card["precisions"][0] |= change
    path.write_text(json.dumps(card), encoding="utf-8")
    with pytest.raises(CardError, match=message):
        load_card(folder)


def test_a_loss_must_be_readable_and_a_precision_unique(folder: Path) -> None:
    path = folder / "card.json"
    card = json.loads(path.read_text(encoding="utf-8"))
    entry = card["precisions"][0]
    path.write_text(json.dumps({**card, "metrics": []}), encoding="utf-8")
    with pytest.raises(CardError, match=r"metrics that the card has not.*nme"):
        load_card(folder)
    path.write_text(json.dumps({**card, "precisions": [entry, entry]}), encoding="utf-8")
    with pytest.raises(CardError, match="one file for each precision"):
        load_card(folder)
