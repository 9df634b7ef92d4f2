"""The golden set: rendered heads with exact labels that the project's tests rely on.

`python -m training.synthetic.golden --facekit DIR --out DIR` writes PNG pictures and labels.json;
the same code and seeds write the same bytes.
"""

import argparse
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from app.face.rotation import from_euler, to_euler
from training.synthetic.appearance import HairStyle, sample_appearance
from training.synthetic.camera import PinholeCamera
from training.synthetic.facekit import FaceKit, load_facekit
from training.synthetic.head import Pose, Shape, gaze_expression
from training.synthetic.labels import FaceLabel
from training.synthetic.person import Person
from training.synthetic.render import Rendered, render
from training.synthetic.shading import sample_light

_SMILE = {"mouthSmile_L": 0.35, "mouthSmile_R": 0.35, "cheekSquint_L": 0.15, "cheekSquint_R": 0.15}
_TALKING = {"jawOpen": 0.25, "mouthSmile_L": 0.25, "mouthSmile_R": 0.25, "browInnerUp_L": 0.3}

# What each field of labels.json means; written at its head.
FIELDS = {
    "file": "PNG beside this file, RGB, 8 bits; width and height in pixels",
    "rotation": "3x3, head frame -> camera frame, canonical convention (app.face.rotation)",
    "yaw": "degrees, > 0 the face turns to the image's right (the same rotation as angles)",
    "pitch": "degrees, > 0 the face looks up",
    "roll": "degrees, > 0 the head tilts clockwise in the image",
    "translation": "mm, camera frame (x right, y down, z away), of the head frame's origin",
    "intrinsics": "pixels: fx, fy, cx, cy; pixel centres at integers; no distortion",
    "points_68": "68 x (x, y) pixels, scheme ibug-68; jaw 0..16 on the visible outline of the face",
    "visible": "68 flags for points_68: in the picture and not hidden by skin, hair or a person",
    "points_68_3d": "68 x (x, y) pixels; as points_68, but the jaw is the projected jaw bone",
    "visible_3d": "68 flags for points_68_3d",
    "points_68_in_head": "68 x (x, y, z) mm, head frame; projected they are points_68_3d",
    "box": "x, y, width, height, pixels: app.face.geometry.face_box of points_68",
}


@dataclass(frozen=True, slots=True)
class Sitter:
    """One person of a golden picture.

    angles: yaw, pitch, roll in degrees. place: mm in the camera frame. tone: 0 light .. 1 dark.
    """

    seed: int
    angles: tuple[float, float, float] = (0.0, 0.0, 0.0)
    place: tuple[float, float, float] = (0.0, 15.0, 620.0)
    tone: float = 0.2
    style: HairStyle = "full"
    expression: Mapping[str, float] = field(default_factory=dict)
    gaze: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Shot:
    """One golden picture; focal length in pixels."""

    name: str
    sitters: tuple[Sitter, ...]
    width: int = 384
    height: int = 384
    focal: float = 640.0


SHOTS = (
    Shot("frontal", (Sitter(101, tone=0.18, style="short", expression=_SMILE),)),
    Shot("frontal-dark", (Sitter(118, tone=0.85, style="short"),)),
    Shot("yaw-plus-30", (Sitter(103, (30, 0, 0), tone=0.35, style="full"),)),
    Shot("yaw-minus-30", (Sitter(104, (-30, 0, 0), tone=0.1, style="long", expression=_SMILE),)),
    Shot("yaw-plus-60", (Sitter(105, (60, 0, 0), tone=0.6, style="short"),)),
    Shot("yaw-minus-60", (Sitter(106, (-60, 0, 0), tone=0.25, style="short"),)),
    Shot("pitch-plus-25", (Sitter(107, (0, 25, 0), tone=0.45, style="short"),)),
    Shot("pitch-minus-25", (Sitter(108, (0, -25, 0), tone=0.15, style="short"),)),
    Shot("roll-plus-30", (Sitter(109, (0, 0, 30), tone=0.7, style="bald"),)),
    Shot("roll-minus-30", (Sitter(110, (0, 0, -30), tone=0.05, style="short"),)),
    Shot("combined-a", (Sitter(111, (25, 12, 15), tone=0.3, style="full", expression=_TALKING),)),
    Shot("combined-b", (Sitter(112, (-35, -12, -20), tone=0.55, style="long"),)),
    Shot(
        "off-axis",
        (Sitter(113, (0, 0, 0), (165.0, 110.0, 560.0), tone=0.2, style="short"),),
        width=480,
        height=360,
        focal=420.0,
    ),
    Shot(
        "two-faces",
        (
            Sitter(114, (20, 0, 5), (-115.0, 20.0, 760.0), tone=0.15, style="long"),
            Sitter(115, (-15, 5, -8), (120.0, 0.0, 800.0), tone=0.75, style="short"),
        ),
        width=480,
        height=360,
        focal=640.0,
    ),
    Shot("large", (Sitter(116, (5, 0, 3), (0.0, 10.0, 620.0), style="short"),), focal=900.0),
    Shot("small", (Sitter(117, (-10, 5, 0), (260.0, 480.0, 3000.0), tone=0.4, style="short"),)),
    Shot("no-face", ()),
)

# Turned about all three axes: a frontal face would not notice a wrong sign of any angle.
SELF_TEST = Shot("face", (Sitter(101, (18, 9, -12), tone=0.18, style="short", expression=_SMILE),))


def write_golden(facekit: Path, out: Path) -> None:
    """Renders the golden set from the head model in `facekit` into the folder `out`."""
    kit = load_facekit(facekit)
    out.mkdir(parents=True, exist_ok=True)
    entries = []
    for index, shot in enumerate(SHOTS):
        rendered = render_shot(kit, shot, seed=7000 + index)
        _write_png(out / f"{shot.name}.png", rendered.image)
        entries.append(entry(shot, rendered))
    _write_json(out / "labels.json", {"schema_version": 1, "fields": FIELDS, "images": entries})


def write_self_test(facekit: Path, out: Path) -> None:
    """Renders the picture of the service's self-test as face.png, with its truth in face.json."""
    rendered = render_shot(load_facekit(facekit), SELF_TEST, seed=7000)
    out.mkdir(parents=True, exist_ok=True)
    _write_png(out / "face.png", rendered.image)
    truth = entry(SELF_TEST, rendered)
    _write_json(out / "face.json", {"schema_version": 1, "fields": FIELDS, **truth})


def render_shot(kit: FaceKit, shot: Shot, seed: int) -> Rendered:
    """Renders one golden picture; the seed draws light, background and grain."""
    rng = np.random.default_rng(seed)
    people = [_person(sitter) for sitter in shot.sitters]
    camera = PinholeCamera.centred(shot.width, shot.height, shot.focal)
    return render(kit, people, camera, sample_light(rng), rng, supersampling=2)


def _person(sitter: Sitter) -> Person:
    rng = np.random.default_rng(sitter.seed)
    expression = gaze_expression(sitter.gaze) | dict(sitter.expression)
    shape = Shape(rng.normal(0.0, 0.7, 60), expression, sitter.gaze)
    look = sample_appearance(rng, sitter.tone, sitter.style)
    return Person(shape, look, Pose(from_euler(*sitter.angles), np.array(sitter.place)))


def entry(shot: Shot, rendered: Rendered) -> dict[str, Any]:
    """One picture's part of labels.json; FIELDS says what its fields mean."""
    return {
        "file": f"{shot.name}.png",
        "width": shot.width,
        "height": shot.height,
        "faces": [_face(label) for label in rendered.faces],
    }


def _face(label: FaceLabel) -> dict[str, Any]:
    yaw, pitch, roll = (round(float(angle), 4) + 0.0 for angle in to_euler(label.pose.rotation))
    camera, box = label.camera, label.box
    return {
        "rotation": _rounded(label.pose.rotation, 9),
        "yaw": yaw,
        "pitch": pitch,
        "roll": roll,
        "translation": _rounded(label.pose.translation, 4),
        "intrinsics": {"fx": camera.fx, "fy": camera.fy, "cx": camera.cx, "cy": camera.cy},
        "points_68": _rounded(label.points, 4),
        "visible": label.visible.tolist(),
        "points_68_3d": _rounded(label.points_3d, 4),
        "visible_3d": label.visible_3d.tolist(),
        "points_68_in_head": _rounded(label.in_head, 5),
        "box": _rounded(np.array([box.x, box.y, box.width, box.height]), 4),
    }


def _rounded(values: NDArray[np.floating], decimals: int) -> Any:
    # Adding zero turns -0.0, which would come and go between machines, into 0.0.
    return (np.round(np.asarray(values, dtype=np.float64), decimals) + 0.0).tolist()


def _write_png(path: Path, image: NDArray[np.uint8]) -> None:
    ok, data = cv2.imencode(".png", image[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 9])
    if not ok:
        raise OSError(f"{path} could not be encoded as PNG")
    path.write_bytes(data.tobytes())


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    """JSON with one line per field of a face, which keeps differences readable."""
    text = json.dumps(content, indent=1)
    flat = re.sub(r"\[[-\d.,\s\[\]etrufals]+\]", lambda m: re.sub(r"\s+", " ", m[0]), text)
    path.write_text(flat + "\n", encoding="utf-8")


def main() -> None:
    """Command line: --facekit DIR --out DIR [--self-test DIR]."""
    parser = argparse.ArgumentParser(description="Render the golden set of heads.")
    parser.add_argument("--facekit", type=Path, required=True, help="folder with facekit.npz")
    parser.add_argument("--out", type=Path, required=True, help="folder for PNGs and labels.json")
    parser.add_argument("--self-test", type=Path, help="folder for face.png and face.json")
    arguments = parser.parse_args()
    write_golden(arguments.facekit, arguments.out)
    if arguments.self_test is not None:
        write_self_test(arguments.facekit, arguments.self_test)


if __name__ == "__main__":
    main()
