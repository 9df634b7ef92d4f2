"""Hands: a palm and five bent fingers of capsules, posed near the face."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from training.synthetic.headform import HeadForm
from training.synthetic.solids import Solid, capsule, merged, tube, turned

HandPlace = Literal["chin", "cheek", "mouth", "eye", "forehead", "nose", "front", "ear"]
HAND_PLACES: tuple[HandPlace, ...] = get_args(HandPlace)
# Which landmark the fingertips touch, and where the wrist goes from there (x outwards, y down).
_TOUCHES: dict[HandPlace, tuple[int, tuple[float, float, float]]] = {
    "chin": (8, (0.15, 0.9, -0.25)),
    "cheek": (13, (0.45, 0.9, -0.15)),
    "mouth": (54, (0.35, 0.85, -0.3)),
    "eye": (45, (0.55, 0.8, -0.3)),
    "forehead": (24, (0.9, 0.25, -0.35)),
    "nose": (35, (0.3, 0.9, -0.35)),
    "front": (33, (0.3, 0.8, -0.6)),
    "ear": (16, (0.3, 0.95, 0.0)),
}
# Root of each finger on the palm (mm across, mm along), length of its three bones, radius.
_FINGERS = (
    (-30.0, 84.0, (42.0, 26.0, 20.0), 8.6),
    (-10.0, 90.0, (46.0, 29.0, 21.0), 9.0),
    (10.0, 87.0, (43.0, 27.0, 21.0), 8.6),
    (28.0, 78.0, (34.0, 20.0, 18.0), 7.6),
)


@dataclass(frozen=True, slots=True)
class HandPose:
    """curl: bend of each finger joint in degrees, four fingers; spread: between them."""

    curl: tuple[float, float, float, float]
    spread: float
    thumb: float


def sample_hand_pose(rng: np.random.Generator) -> HandPose:
    """From flat to nearly a fist; sometimes pointing."""
    common = float(rng.uniform(0, 65))
    curls = np.clip(common + rng.normal(0, 10, 4), -5, 88)
    if rng.random() < 0.2:
        curls[0], curls[1:] = 5.0, 78.0
    first, second, third, fourth = (float(value) for value in curls)
    return HandPose(
        (first, second, third, fourth), float(rng.uniform(0, 9)), float(rng.uniform(10, 60))
    )


def hand(pose: HandPose, left: bool, forearm: float = 130.0) -> Solid:
    """A hand whose wrist is at the origin, fingers along -y, palm towards +z; mm.

    forearm: length of arm drawn beyond the wrist.
    """
    palm = np.array([[0.0, y, 0.0] for y in (6.0, -8.0, -40.0, -70.0, -88.0, -93.0)])
    reach = np.array([24.0, 29.0, 37.0, 41.0, 39.0, 30.0])
    solids = [tube(palm, reach, 14, flat=(0.36, 1.0))]
    for number, (across, along, bones, radius) in enumerate(_FINGERS):
        joint = np.array([across, -along + 6.0, 0.0])
        sideways = np.deg2rad((number - 1.5) * pose.spread)
        bend = 0.0
        for index, length in enumerate(bones):
            bend += np.deg2rad(pose.curl[number]) * (0.8, 1.0, 0.7)[index]
            step = np.array([np.sin(sideways), -np.cos(bend), np.sin(bend)]) * length
            taper = (1.0 - 0.09 * index, 0.91 - 0.09 * index)
            solids.append(capsule(joint, joint + step, (radius * taper[0], radius * taper[1])))
            joint = joint + step
    root = np.array([-34.0, -30.0, 6.0])
    angle = np.deg2rad(pose.thumb)
    for length, radius in ((38.0, 11.5), (30.0, 10.0)):
        step = np.array([-np.cos(angle), -0.75, 0.45]) * length * 0.85
        solids.append(capsule(root, root + step, (radius, radius * 0.9)))
        root, angle = root + step, angle + 0.5
    if forearm > 0.0:
        arm = np.array(
            [[0, -8, 0], [0, 25, 0], [0, forearm * 0.6, 0], [0, forearm, 0]], dtype=float
        )
        solids.append(tube(arm, np.array([26.0, 27.0, 34.0, 40.0]), 12, flat=(0.78, 1.0)))
    whole = merged(*solids)
    if left:
        return Solid(whole.vertices * (-1.0, 1.0, 1.0), whole.triangles).inside_out()
    return whole


def hand_at(
    form: HeadForm, place: HandPlace, pose: HandPose, rng: np.random.Generator
) -> tuple[Solid, float]:
    """A hand near a part of the face with its fingers on it; and its side, -1 image left.

    Raises ValueError for an unknown place.
    """
    if place not in _TOUCHES:
        raise ValueError(f"unknown place of a hand {place!r}; known: {', '.join(HAND_PLACES)}")
    side = float(rng.choice([-1.0, 1.0]))
    mark, leaning = _TOUCHES[place]
    touched = form.landmarks[mark] * (side, 1.0, 1.0)
    outwards = touched - form.centre
    outwards /= np.linalg.norm(outwards)
    arm = np.array(leaning) * (side, 1.0, 1.0) + rng.normal(0, 0.16, 3)
    arm -= outwards * min(float(arm @ outwards), 0.0) * 0.7  # the wrist stays outside the head
    arm /= np.linalg.norm(arm)
    facing = -outwards - arm * float(-outwards @ arm)
    facing /= np.linalg.norm(facing)
    across = np.cross(arm, facing)
    frame = np.stack([across, arm, facing], axis=1) @ turned(rng.normal(0, (0, 25, 0), 3))
    solid = hand(pose, left=side > 0, forearm=float(rng.uniform(90, 220)))
    tips = (
        np.array([0.0, -150.0, 0.0]) if np.mean(pose.curl) < 30 else np.array([0.0, -105.0, 40.0])
    )
    gap = float(rng.uniform(12, 24)) if place != "front" else float(rng.uniform(40, 150))
    wrist = touched + outwards * gap - frame @ (tips * rng.uniform(0.55, 1.0))
    placed = solid.moved(frame, wrist)
    return _outside(placed, form), side


def _outside(solid: Solid, form: HeadForm) -> Solid:
    """Shifted away from the head until hardly any of it is inside."""
    away = solid.vertices.mean(axis=0) - form.centre
    away /= max(float(np.linalg.norm(away)), 1e-6)
    vertices = solid.vertices
    for _ in range(4):
        offsets = vertices - form.centre
        azimuth = np.rad2deg(np.arctan2(offsets[:, 0], -offsets[:, 2]))
        level = np.hypot(offsets[:, 0], offsets[:, 2])
        elevation = np.rad2deg(np.arctan2(-offsets[:, 1], level))
        skin = np.linalg.norm(form.at(azimuth, elevation) - form.centre, axis=1)
        depth = skin - np.linalg.norm(offsets, axis=1)
        inside = (
            float(np.percentile(depth[elevation > -55.0], 97)) if (elevation > -55).any() else 0
        )
        if inside < 3.0:
            break
        vertices = vertices + away * (inside * 0.9)
    return Solid(vertices, solid.triangles)


def hand_colour(skin: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """(3,) linear RGB of skin a little redder than the face's, as hands are."""
    return np.asarray(skin * (rng.uniform(0.9, 1.05), 0.92, 0.9), dtype=np.float32)
