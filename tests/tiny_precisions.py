"""A tiny model folder with a second file, as if it were the same network in int8."""

import hashlib
import json
from pathlib import Path

import numpy as np

from tests.tiny_models import TEMPLATE_68, write_landmarks

METRIC = {"name": "nme", "value": 0.03, "unit": "", "n": 5, "protocol": "made up"}


def add_int8(
    folder: Path, *, faster_on: list[str], shift: float = 0.0, network: Path | None = None
) -> None:
    """Put a second file into the folder: the tiny landmark model, its points moved by `shift`, or
    that of the folder `network`.
    """
    template = TEMPLATE_68 + np.float32(shift)
    other = network or write_landmarks(folder.parent / "other", template=template)
    content = (other / "model.onnx").read_bytes()
    (folder / "model.int8.onnx").write_bytes(content)
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    card["metrics"] = [METRIC]
    card["precisions"] = [
        {
            "precision": "int8",
            "name": "model.int8.onnx",
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content),
            "opset": 18,
            "metrics": [{**METRIC, "value": 0.031}],
            "faster_on": faster_on,
        }
    ]
    (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")
