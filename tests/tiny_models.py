"""Tiny ONNX models with the exact signatures of the real ones, built in the test.

They make the whole HTTP path testable without weights. What they answer can be computed by hand:

- The **tiny detector** sees colours, not faces. All pixels of one pure colour of `COLOURS` (red,
  green, blue, white; on a dark background) are one face: its box is their bounding box, its
  confidence is fixed per colour, its five points are at `FIVE_POINTS` of the box. For each colour a
  second, worse box (score 0.2 lower, a tenth of the width to the right) is answered as well, which
  a correct non-maximum suppression removes. No such pixel: no face.
- The **tiny landmark model** answers the same 68 points (`TEMPLATE_68`, unit crop) for each crop,
  and `std = BASE_STD * (1 + mean / 255)` where `mean` is the crop's mean pixel value, so that a
  test can see that results were not swapped within a batch.
- The **tiny face model** answers the same and besides, for each crop, the head of `HEAD`.

    folder = write_detector(tmp_path / "detector")
    write_landmarks(tmp_path / "landmarks-68")
    image = picture(160, 120, {"red": (20, 30, 40, 50), "blue": (90, 30, 40, 40)})
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper
from scipy.spatial.transform import Rotation

from tests.tiny_graphs import (
    BASE_STD,
    COLOURS,
    CONFIDENCES,
    FIVE_POINTS,
    OPSET,
    detector_graph,
    face_graph,
    landmark_graph,
)

__all__ = [
    "BASE_STD",
    "COLOURS",
    "CONFIDENCES",
    "FIVE_POINTS",
    "HEAD",
    "TEMPLATE_68",
    "picture",
    "write_card",
    "write_detector",
    "write_face",
    "write_landmarks",
]


def _template_68() -> NDArray[np.float32]:
    """A schematic frontal face in the unit crop, ibug-68 order, (68, 2)."""

    def arc(centre: tuple[float, float], radii: tuple[float, float], degrees: Any) -> Any:
        angle = np.radians(np.asarray(degrees, float))
        return np.stack(
            [centre[0] + radii[0] * np.cos(angle), centre[1] + radii[1] * np.sin(angle)], axis=-1
        )

    eye = [180, 240, 300, 0, 60, 120]
    parts = [
        arc((0.5, 0.45), (0.32, 0.42), np.linspace(180, 0, 17)),  # jaw, image left to right
        arc((0.36, 0.36), (0.1, 0.05), np.linspace(180, 360, 5)),
        arc((0.64, 0.36), (0.1, 0.05), np.linspace(180, 360, 5)),
        np.stack([np.full(4, 0.5), np.linspace(0.42, 0.56, 4)], axis=-1),
        arc((0.5, 0.58), (0.06, 0.03), np.linspace(180, 0, 5)),
        arc((0.36, 0.43), (0.055, 0.022), eye),
        arc((0.64, 0.43), (0.055, 0.022), eye),
        arc((0.5, 0.71), (0.12, 0.05), np.linspace(180, 510, 12)),
        arc((0.5, 0.71), (0.09, 0.02), np.linspace(180, 495, 8)),
    ]
    return np.concatenate(parts).astype(np.float32)


TEMPLATE_68 = _template_68()
HEAD: Mapping[str, Any] = {
    "visible": np.full(68, 0.9),
    # Yaw 30, pitch -20, roll 10, in SciPy's words: R = Ry(-yaw) Rx(-pitch) Rz(roll).
    "rotation": Rotation.from_euler("YXZ", [-30.0, 20.0, 10.0], degrees=True).as_matrix(),
    "rotation_std": np.array([3.0, 2.0, 1.0]),
    "openness": np.array([0.1, 0.3]),
    "presence": np.array(0.97),
}


def picture(
    width: int, height: int, faces: Mapping[str, tuple[int, int, int, int]]
) -> NDArray[np.uint8]:
    """A dark RGB image with one rectangle (x, y, width, height in whole pixels) per colour."""
    image = np.full((height, width, 3), 10, np.uint8)
    for colour, (x, y, w, h) in faces.items():
        image[y : y + h, x : x + w] = COLOURS[colour]
    return image


def write_card(folder: Path, changes: Mapping[str, Any]) -> None:
    """Write a valid card.json for the folder's model.onnx; `changes` replaces top-level fields."""
    model = (folder / "model.onnx").read_bytes()
    card = {
        "schema_version": 1,
        "name": folder.name,
        "version": "1",
        "summary": "A tiny stand-in for tests.",
        "file": {
            "name": "model.onnx",
            "sha256": hashlib.sha256(model).hexdigest(),
            "bytes": len(model),
            "opset": OPSET,
            "parameters": 0,
        },
        "batch_sizes": [1, 2, 4, 8],
        "licence": {
            "edition": "free",
            "weights": "Apache-2.0",
            "commercial_use": "yes",
            "sentence": "Holds no weights.",
        },
        "data": [],
        "metrics": [],
        "thresholds": {},
        "parity": {"max_abs_difference": 0.0, "samples": 1, "batches": [1]},
        "limits": [],
        "recipe": {
            "name": "tiny",
            "command": "none",
            "seed": 0,
            "steps": 0,
            "samples": 0,
            "trained": "2026-01-01",
            "code": "tests/tiny_models.py",
        },
        **changes,
    }
    (folder / "card.json").write_text(json.dumps(card, indent=2), encoding="utf-8")


def write_detector(folder: Path, *, long_side: int = 320, **changes: Any) -> Path:
    """Write the tiny detector and its card into `folder` and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    float32, uint8 = TensorProto.FLOAT, TensorProto.UINT8
    detector_graph().save(
        folder / "model.onnx",
        [helper.make_tensor_value_info("images", uint8, ["batch", "height", "width", 3])],
        [
            helper.make_tensor_value_info("boxes", float32, ["batch", "cells", 4]),
            helper.make_tensor_value_info("scores", float32, ["batch", "cells"]),
            helper.make_tensor_value_info("points", float32, ["batch", "cells", 5, 2]),
        ],
    )
    card = {
        "task": "detection",
        "scheme": "five",
        "input": _input("images", None, multiple_of=32, long_side=long_side),
        "outputs": [
            _output("boxes", ["batch", "cells", 4], "input pixels"),
            _output("scores", ["batch", "cells"], "probability"),
            _output("points", ["batch", "cells", 5, 2], "input pixels"),
        ],
        "thresholds": {"score": 0.5, "nms_iou": 0.4},
    }
    write_card(folder, {**card, **changes})
    return folder


def write_landmarks(
    folder: Path, *, size: int = 64, template: NDArray[np.float32] = TEMPLATE_68, **changes: Any
) -> Path:
    """Write the tiny landmark model and its card into `folder` and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    count = len(template)
    float32, uint8 = TensorProto.FLOAT, TensorProto.UINT8
    landmark_graph(template.astype(np.float32)).save(
        folder / "model.onnx",
        [helper.make_tensor_value_info("crops", uint8, ["batch", size, size, 3])],
        [
            helper.make_tensor_value_info("points", float32, ["batch", count, 2]),
            helper.make_tensor_value_info("std", float32, ["batch", count]),
        ],
    )
    card = {
        "task": "landmarks",
        "scheme": "ibug-68",
        "input": crops_input(size),
        "outputs": [
            _output("points", ["batch", count, 2], "unit crop"),
            _output("std", ["batch", count], "unit crop"),
        ],
    }
    write_card(folder, {**card, **changes})
    return folder


def write_face(
    folder: Path, *, size: int = 64, head: Mapping[str, Any] | None = None, **changes: Any
) -> Path:
    """Write the tiny face model and its card; `head` replaces single outputs of `HEAD`."""
    told = {**HEAD, **(head or {})}
    folder.mkdir(parents=True, exist_ok=True)
    float32, uint8 = TensorProto.FLOAT, TensorProto.UINT8
    sides: dict[str, list[int | str]] = {"points": ["batch", 68, 2], "std": ["batch", 68]}
    sides |= {name: ["batch", *np.shape(value)] for name, value in told.items()}
    face_graph(TEMPLATE_68, told).save(
        folder / "model.onnx",
        [helper.make_tensor_value_info("crops", uint8, ["batch", size, size, 3])],
        [helper.make_tensor_value_info(name, float32, shape) for name, shape in sides.items()],
    )
    card = {
        "task": "face",
        "scheme": "ibug-68",
        "input": crops_input(size),
        "outputs": [_output(name, shape, name) for name, shape in sides.items()],
    }
    write_card(folder, {**card, **changes})
    return folder


def crops_input(size: int) -> dict[str, Any]:
    """Of a card: what a model of faces takes."""
    return _input("crops", size, crop={"scale": 1.3, "rule": "square"})


def _input(name: str, size: int | None, **changes: Any) -> dict[str, Any]:
    return {
        "name": name,
        "dtype": "uint8",
        "layout": "NHWC",
        "color": "RGB",
        "height": size,
        "width": size,
        "multiple_of": 1,
        "crop": None,
        "long_side": None,
        **changes,
    }


def _output(name: str, shape: list[int | str], unit: str) -> dict[str, Any]:
    return {"name": name, "shape": shape, "unit": unit, "meaning": name}


def keep_outputs(folder: Path, *names: str, **changes: Any) -> Path:
    """Leaves of a written model's outputs those named, and changes fields of its card."""
    path = folder / "model.onnx"
    model = onnx.load(path)
    kept = [output for output in model.graph.output if output.name in names]
    del model.graph.output[:]
    model.graph.output.extend(kept)
    onnx.save(model, path)
    card = json.loads((folder / "card.json").read_text())
    del card["file"]
    outputs = [output for output in card["outputs"] if output["name"] in names]
    write_card(folder, {**card, "outputs": outputs, **changes})
    return folder
