"""The golden set: rendered heads with exact labels that the project's tests rely on.

`python -m training.synthetic.golden --facekit DIR --out DIR` writes PNG pictures and labels.json;
the same code and seeds write the same bytes.
"""

import argparse
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from app.face.rotation import from_euler, to_euler
from training.synthetic.appearance import sample_appearance
from training.synthetic.background import sample_background
from training.synthetic.camera import PinholeCamera
from training.synthetic.facekit import FaceKit, load_facekit
from training.synthetic.golden_shots import SELF_TEST, SHOTS, Shot, Sitter
from training.synthetic.head import Pose, Shape, gaze_expression, shaped
from training.synthetic.labels import FaceLabel
from training.synthetic.lights import sample_light
from training.synthetic.outfit import sample_outfit
from training.synthetic.person import Person
from training.synthetic.quality import FINE
from training.synthetic.render import render
from training.synthetic.sensor import Sensor, expose
from training.synthetic.studio import Studio

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
    "points_76": "76 x (x, y) pixels, scheme muct-76; points_21: aflw-21; points_5: five",
    "visible_76": "76 flags for points_76; visible_21 and visible_5 alike",
    "eye_openness": "right eye, left eye: opening over width; see docs/synthetic.md",
    "mouth_openness": "gap between the lips over the mouth's width",
    "gaze": "2 x (x, y, z) unit vectors in the camera frame, right eye and left eye",
    "light": "kind of light; infrared pictures are grey",
}


# A plain, steady camera: the set is about geometry. It only brightens where there is little light,
# so that a face before a dark wall is not bleached.
_SENSOR = Sensor(target=0.24, noise=0.0022)
_BRIGHT_ENOUGH = 1.5  # highest gain
_DARK = frozenset({"night", "infrared"})


@dataclass(frozen=True, slots=True)
class Picture:
    """image: (H, W, 3) uint8 RGB; faces: one label per sitter, in their order."""

    image: NDArray[np.uint8]
    faces: tuple[FaceLabel, ...]


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


def render_shot(kit: FaceKit, shot: Shot, seed: int) -> Picture:
    """Renders one golden picture; the seed draws light, background and grain."""
    rng = np.random.default_rng(seed)
    studio = Studio.open(kit, FINE)
    light = sample_light(rng, shot.light)
    room = sample_background(rng, shot.width, shot.height, shot.room)
    people = [_person(studio, sitter, light.infrared) for sitter in shot.sitters]
    camera = PinholeCamera.centred(shot.width, shot.height, shot.focal)
    rendered = render(studio, people, camera, light, room * np.float32(light.background))
    gain = _SENSOR.highest_gain if light.kind in _DARK else _BRIGHT_ENOUGH
    sensor = replace(_SENSOR, grey=light.infrared, highest_gain=gain)
    return Picture(expose(rendered.radiance, sensor, rng), rendered.faces)


def _person(studio: Studio, sitter: Sitter, infrared: bool) -> Person:
    rng = np.random.default_rng(sitter.seed)
    expression = gaze_expression(sitter.gaze) | dict(sitter.expression)
    shape = Shape(rng.normal(0.0, 0.7, 60), expression, sitter.gaze)
    look = sample_appearance(rng, sitter.tone, sitter.style)
    form = studio.forms.of(shaped(studio.kit, shape))
    outfit = sample_outfit(rng, form, look, infrared=infrared, chances=sitter.wears)
    pose = Pose(from_euler(*sitter.angles), np.array(sitter.place))
    return Person(shape, outfit.look, pose, outfit.props)


def entry(shot: Shot, rendered: Picture) -> dict[str, Any]:
    """One picture's part of labels.json; FIELDS says what its fields mean."""
    return {
        "file": f"{shot.name}.png",
        "width": shot.width,
        "height": shot.height,
        "light": shot.light,
        "faces": [_face(label) for label in rendered.faces],
    }


def _face(label: FaceLabel) -> dict[str, Any]:
    yaw, pitch, roll = (round(float(angle), 4) + 0.0 for angle in to_euler(label.pose.rotation))
    camera, box = label.camera, label.box
    schemes: dict[str, Any] = {}
    for name, count in (("muct-76", 76), ("aflw-21", 21), ("five", 5)):
        schemes[f"points_{count}"] = _rounded(label.schemes[name].points, 4)
        schemes[f"visible_{count}"] = label.schemes[name].visible.tolist()
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
        **schemes,
        "eye_openness": _rounded(label.eyes.openness, 4),
        "mouth_openness": round(float(label.mouth_openness), 4),
        "gaze": _rounded(label.eyes.gaze, 6),
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
