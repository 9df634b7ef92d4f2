"""Model cards: what is accepted, what is refused, and what the refusal says."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from app.face.card import CardError, ModelCard, load_card, verify

WEIGHTS = b"not really a network"


def document() -> dict[str, Any]:
    """A complete card of a landmarks model, as JSON has it."""
    return {
        "schema_version": 1,
        "name": "landmarks-68",
        "version": "1.0.0",
        "task": "landmarks",
        "summary": "68 points in a face crop.",
        "file": {
            "name": "model.onnx",
            "sha256": hashlib.sha256(WEIGHTS).hexdigest(),
            "bytes": len(WEIGHTS),
            "opset": 17,
            "parameters": 100,
        },
        "input": {
            "name": "crops",
            "dtype": "uint8",
            "layout": "NHWC",
            "color": "RGB",
            "height": 128,
            "width": 128,
            "multiple_of": 1,
            "crop": {"scale": 1.3, "rule": "square"},
            "long_side": None,
        },
        "outputs": [
            {"name": "points", "shape": ["batch", 68, 2], "unit": "unit crop", "meaning": "points"},
            {"name": "std", "shape": ["batch", 68], "unit": "unit crop", "meaning": "deviation"},
        ],
        "scheme": "ibug-68",
        "batch_sizes": [1, 4, 16],
        "licence": {
            "edition": "research",
            "weights": "research only",
            "commercial_use": "no",
            "sentence": "Trained on 300-W: research only.",
        },
        "data": [
            {
                "name": "w300",
                "licence": "research",
                "images": 2012,
                "faces": 2012,
                "use": "train",
                "note": "",
            }
        ],
        "metrics": [
            {
                "name": "nme",
                "value": 4.2,
                "unit": "%",
                "n": 224,
                "interval95": [4.0, 4.4],
                "protocol": "inter-ocular",
                "slice": "all",
            },
            {"name": "auc", "value": 60, "unit": "%", "n": 224, "protocol": "to 8 %"},
        ],
        "thresholds": {},
        "parity": {"max_abs_difference": 1e-6, "samples": 12, "batches": [1, 3, 8]},
        "limits": ["No profiles."],
        "recipe": {
            "name": "landmarks_68",
            "command": "python -m training train landmarks_68",
            "seed": 1,
            "steps": 10,
            "samples": 320,
            "trained": "2026-11-20",
            "code": "training/recipes/landmarks_68.py",
        },
    }


def changed(path: str, value: object) -> dict[str, Any]:
    """The document with the value at a dotted path replaced."""
    card = document()
    *parents, last = path.split(".")
    place: Any = card
    for key in parents:
        place = place[int(key) if isinstance(place, list) else key]
    place[last] = value
    return card


def write(folder: Path, card: object) -> Path:
    (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")
    (folder / "model.onnx").write_bytes(WEIGHTS)
    return folder


def test_a_good_card_is_read_and_verified(tmp_path: Path) -> None:
    card = load_card(write(tmp_path, document()))
    verify(tmp_path, card)
    assert card.input.crop is not None
    assert card.input.crop.scale == 1.3
    assert card.metrics[0].interval95 == (4.0, 4.4)
    assert card.metrics[1].slice == "all"
    assert card.recipe.trained.isoformat() == "2026-11-20"


def test_json_round_trip() -> None:
    card = ModelCard.model_validate_json(json.dumps(document()))
    assert ModelCard.model_validate_json(card.model_dump_json()) == card


def test_cards_are_frozen() -> None:
    card = ModelCard.model_validate_json(json.dumps(document()))
    with pytest.raises(ValidationError, match="frozen"):
        card.version = "2"  # type: ignore[misc]


def test_a_detection_card() -> None:
    card = document()
    card.update(task="detection", scheme="five", thresholds={"score": 0.5, "nms_iou": 0.4})
    card["input"].update(height=None, width=None, multiple_of=32, crop=None, long_side=320)
    assert ModelCard.model_validate_json(json.dumps(card)).thresholds["score"] == 0.5
    card["thresholds"].pop("score")
    with pytest.raises(ValidationError, match="thresholds score"):
        ModelCard.model_validate_json(json.dumps(card))


def face_document() -> dict[str, Any]:
    card = document()
    shapes: dict[str, list[int]] = {
        "points": [68, 2],
        "std": [68],
        "visible": [68],
        "rotation": [3, 3],
        "rotation_std": [3],
        "openness": [2],
        "presence": [],
    }
    card["task"] = "face"
    card["outputs"] = [
        {"name": name, "shape": ["batch", *shape], "unit": "a unit", "meaning": "a meaning"}
        for name, shape in shapes.items()
    ]
    return card


def test_a_face_card() -> None:
    assert ModelCard.model_validate_json(json.dumps(face_document())).task == "face"


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (lambda card: card["outputs"].pop(), "presence"),
        (lambda card: card["outputs"][3].update(shape=["batch", 9]), "rotation"),
        (lambda card: card["outputs"][0].update(shape=["batch", 76, 2]), "points"),
        (lambda card: card["outputs"].append(card["outputs"][0] | {"name": "gaze"}), "gaze"),
        (lambda card: card.update(scheme=None), "a face model needs a scheme"),
        (lambda card: card["input"].update(crop=None), "a face model needs input.crop"),
    ],
)
def test_a_face_card_has_the_outputs_of_its_task(
    fault: Callable[[dict[str, Any]], object], message: str
) -> None:
    card = face_document()
    fault(card)
    with pytest.raises(ValidationError, match=message):
        ModelCard.model_validate_json(json.dumps(card))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("surprise", 1),
        ("file.surprise", 1),
        ("schema_version", 2),
        ("name", "Bad Name"),
        ("name", "../evil"),
        ("task", "emotion"),
        ("summary", ""),
        ("file.name", "../../model.onnx"),
        ("file.sha256", "ABC"),
        ("file.bytes", "20"),
        ("input.dtype", "float32"),
        ("input.width", 96),
        ("input.crop", None),
        ("input.crop.scale", 0),
        ("outputs", []),
        ("outputs.1.name", "points"),
        ("scheme", "ibug-69"),
        ("scheme", None),
        ("batch_sizes", []),
        ("batch_sizes", [4, 1]),
        ("batch_sizes", [1, 1]),
        ("batch_sizes", [0, 1]),
        ("licence.edition", "premium"),
        ("licence.commercial_use", "yes"),
        ("data.0.use", "play"),
        ("metrics.0.value", float("nan")),
        ("metrics.0.value", "4.2"),
        ("metrics.0.interval95", [4.4, 4.0]),
        ("metrics.0.interval95", [4.4]),
        ("parity.max_abs_difference", -1),
        ("recipe.trained", "yesterday"),
    ],
)
def test_faults_are_refused(tmp_path: Path, path: str, value: object) -> None:
    with pytest.raises(CardError) as caught:
        load_card(write(tmp_path, changed(path, value)))
    message = str(caught.value)
    assert str(tmp_path / "card.json") in message
    assert "Restore the file" in message


def test_every_fault_is_listed_with_its_place(tmp_path: Path) -> None:
    card = changed("file.bytes", "20")
    card["metrics"][0]["value"] = "4.2"
    with pytest.raises(CardError, match=r"file\.bytes: .*; metrics\.0\.value: "):
        load_card(write(tmp_path, card))


def test_missing_and_broken_files(tmp_path: Path) -> None:
    with pytest.raises(CardError, match=r"card\.json cannot be read.*models folder"):
        load_card(tmp_path)
    (tmp_path / "card.json").write_text("{", encoding="utf-8")
    with pytest.raises(CardError, match="not a valid model card: card: Invalid JSON"):
        load_card(tmp_path)


def test_verify_tells_what_differs(tmp_path: Path) -> None:
    card = load_card(write(tmp_path, document()))
    model = tmp_path / "model.onnx"
    model.write_bytes(WEIGHTS[:-1] + b"X")
    with pytest.raises(CardError, match=r"model\.onnx has SHA-256 .* Restore"):
        verify(tmp_path, card)
    model.write_bytes(WEIGHTS + b"!")
    with pytest.raises(CardError, match=r"has 21 bytes, its card says 20\. Restore"):
        verify(tmp_path, card)
    model.unlink()
    with pytest.raises(CardError, match=r"model\.onnx cannot be read.*Restore"):
        verify(tmp_path, card)
