"""Spectacles and sunglasses that rest on the nose bridge and the ears of one head."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.synthetic.appearance import linear
from training.synthetic.headform import HeadForm
from training.synthetic.props import Prop, prop
from training.synthetic.solids import Solid, disc, merged, sheet, tube

_OUTLINE = 30  # points round one lens
# Cut: width, height (mm), superellipse exponent, droop outwards, lift of the outer top corner,
# share of the frame that is drawn (0.5: upper half only).
_CUTS = {
    "round": (46.0, 45.0, 2.0, 0.0, 0.0, 1.0),
    "oval": (50.0, 36.0, 2.2, 0.0, 0.0, 1.0),
    "panto": (48.0, 43.0, 2.3, 0.0, 1.5, 1.0),
    "rectangle": (53.0, 33.0, 4.5, 0.0, 1.0, 1.0),
    "square": (53.0, 42.0, 4.0, 0.0, 1.0, 1.0),
    "wayfarer": (52.0, 41.0, 3.2, 0.0, 4.0, 1.0),
    "aviator": (57.0, 49.0, 2.6, 6.0, 0.0, 1.0),
    "cat-eye": (53.0, 40.0, 2.6, 0.0, 8.0, 1.0),
    "half-rim": (53.0, 34.0, 3.5, 0.0, 1.0, 0.5),
    "rimless": (52.0, 35.0, 3.0, 0.0, 0.0, 0.0),
    "oversized": (60.0, 54.0, 2.5, 0.0, 2.0, 1.0),
    "reading": (46.0, 25.0, 2.6, 0.0, 0.0, 1.0),
    "wrap": (66.0, 40.0, 2.8, 3.0, 3.0, 0.5),
}
CUTS = tuple(_CUTS)
_FRAME_COLOURS = (
    (18, 18, 20),
    (18, 18, 20),
    (40, 30, 26),
    (92, 58, 34),
    (130, 24, 30),
    (26, 44, 88),
    (176, 168, 158),
    (150, 122, 70),
    (86, 86, 92),
    (214, 206, 196),
)
_TINTS = ((14, 14, 16), (44, 30, 18), (20, 32, 24), (26, 34, 54), (90, 60, 20), (70, 30, 70))


@dataclass(frozen=True, slots=True)
class Spectacles:
    """One pair of spectacles; lengths in mm, colours (3,) linear RGB.

    cut: one of CUTS. thickness: of the rim. bridge: gap between the lenses. size: scales lenses.
    tint: colour of the lenses; density: their opacity 0..1; dark: whether they are sunglasses.
    reflection: strength 0..1 of a window's mirror image in the lenses. low: slipped down by mm.
    """

    cut: str
    thickness: float
    bridge: float
    size: float
    colour: NDArray[np.float32]
    tint: NDArray[np.float32]
    density: float
    dark: bool
    reflection: float
    low: float


def sample_spectacles(rng: np.random.Generator, dark: bool) -> Spectacles:
    """A random pair; dark: sunglasses."""
    usual = [c for c in CUTS if c not in (("reading", "rimless") if dark else ("wrap",))]
    cut = str(rng.choice(usual))
    metal = cut in {"aviator", "rimless", "half-rim"} or rng.random() < 0.4
    colour = _FRAME_COLOURS[rng.integers(len(_FRAME_COLOURS))]
    tint = linear(np.array(_TINTS[0 if rng.random() < 0.5 else rng.integers(len(_TINTS))]))
    if not dark:
        tint = linear(rng.uniform(170, 235, 3))
    return Spectacles(
        cut,
        float(rng.uniform(0.6, 1.1) if metal else rng.uniform(1.5, 3.4)),
        float(rng.uniform(16, 22)),
        float(rng.uniform(0.9, 1.1)),
        linear(np.array(colour) * rng.uniform(0.7, 1.2)),
        tint,
        float(rng.uniform(0.72, 0.98) if dark else rng.choice([0.03, 0.06, 0.15])),
        dark,
        float(rng.choice([0.0, 0.25, 0.5, 0.8])) * float(rng.uniform(0.6, 1.0)),
        float(rng.choice([0.0, 0.0, 0.0, 6.0])),
    )


def glasses(form: HeadForm, pair: Spectacles, rng: np.random.Generator) -> tuple[Prop, ...]:
    """Frame, lenses and reflections; rng places the reflections."""
    kind = "sunglasses" if pair.dark else "glasses"
    outlines = [_outline(form, pair, side) for side in (-1.0, 1.0)]
    gloss = 0.9 if pair.thickness > 1.2 else 1.6
    parts = [
        prop(
            f"{kind}.frame", _frame(form, pair, outlines), pair.colour, gloss=gloss, sharpness=60.0
        )
    ]
    for outline in outlines:
        lens = disc(outline).inside_out() if outline[0, 0] < 0 else disc(outline)
        shade = np.broadcast_to(pair.tint, lens.vertices.shape).copy()
        if pair.dark and pair.reflection > 0.4:  # mirrored lenses are brighter towards the sky
            height = lens.vertices[:, 1]
            shade += 0.12 * ((height.max() - height) / np.ptp(height))[:, None].astype(np.float32)
        parts.append(
            prop(
                f"{kind}.lens",
                lens,
                shade,
                gloss=2.0,
                sharpness=220.0,
                opacity=pair.density,
                casts_shadow=pair.dark,
            )
        )
        if pair.reflection > 0.0:
            parts.append(_window(kind, outline, pair, rng))
    return tuple(parts)


def _outline(form: HeadForm, pair: Spectacles, side: float) -> NDArray[np.float64]:
    """(_OUTLINE, 3) rim of the lens on a side (-1 image left), from its inner end over the top."""
    width, height, power, droop, lift, _ = _CUTS[pair.cut]
    span = _face_width(form) / 147.0 * pair.size
    width, height = width * span, height * span
    angle = np.linspace(0.0, 2 * np.pi, _OUTLINE, endpoint=False)
    cosine, sine = np.cos(angle), np.sin(angle)
    x = -np.sign(cosine) * np.abs(cosine) ** (2 / power)
    y = -np.sign(sine) * np.abs(sine) ** (2 / power)
    drooping = droop * np.clip(y, 0, 1) * (0.3 + 0.7 * x)
    raised = -lift * np.clip(-y, 0, 1) * np.clip(x, 0, 1) ** 2
    # Lower corners are drawn in: lenses are wider at the top.
    narrow = 1.0 - 0.10 * np.clip(y, 0, 1) * np.clip(np.abs(x), 0.3, 1)
    across = pair.bridge / 2 * span + width / 2 * (1.0 + x * narrow)
    down = height / 2 * y + drooping + raised
    centre_y, front = _place(form, pair)
    tilt, bend = np.deg2rad(7.0), 0.0012 if pair.cut != "wrap" else 0.0026
    depth = front + down * np.sin(tilt) + bend * across**2
    return np.stack([side * across, centre_y + down * np.cos(tilt), depth], axis=1)


def _place(form: HeadForm, pair: Spectacles) -> tuple[float, float]:
    """Height of the lenses' middle and depth (head frame y, z) of their inner edge."""
    marks = form.landmarks
    eyes = float(marks[36:48, 1].mean())
    along = np.clip(pair.low / 12.0, 0.0, 1.0)
    bridge = marks[27] + along * (marks[28] - marks[27])
    # Clear of the lashes, of the brows and resting on the nose.
    front = min(
        float(bridge[2]) + 2.0, form.eye_front - 11.0, float(marks[[19, 20, 23, 24], 2].min()) - 1.0
    )
    return eyes + 3.5 + pair.low, front


def _face_width(form: HeadForm) -> float:
    return float(form.landmarks[16, 0] - form.landmarks[0, 0])


def _frame(form: HeadForm, pair: Spectacles, outlines: list[NDArray[np.float64]]) -> Solid:
    drawn = _CUTS[pair.cut][5]
    solids = []
    flat = (1.0, 1.0) if pair.thickness < 1.2 else (1.0, 1.25)
    for outline, side in zip(outlines, (-1.0, 1.0), strict=True):
        if drawn == 1.0:
            solids.append(tube(outline, pair.thickness, 6, closed=True, flat=flat))
        elif drawn == 0.5:
            solids.append(tube(outline[: _OUTLINE // 2 + 1], pair.thickness, 6, flat=flat))
        solids.append(_temple(form, pair, outline, side))
    left, right = outlines
    start, end = left[2], right[2]
    t = np.linspace(0.0, 1.0, 7)[:, None]
    arch = start + (end - start) * t - np.sin(np.pi * t) * (0.0, 2.5, 2.5)
    solids.append(tube(arch, max(pair.thickness * 0.9, 0.7), 6))
    if pair.cut == "aviator":
        bar = left[6] + (right[6] - left[6]) * t - np.sin(np.pi * t) * (0.0, 1.0, 1.0)
        solids.append(tube(bar, 0.8, 5))
    return merged(*solids)


def _temple(form: HeadForm, pair: Spectacles, outline: NDArray[np.float64], side: float) -> Solid:
    """The side piece: from the outer top corner over the ear and down behind it."""
    outer = outline[_OUTLINE // 2 - 2]
    ear = form.landmarks[16 if side > 0 else 0]
    beside = ear + (side * 4.5, -2.0, 0.0)
    hinge = outer + (side * 2.0, 0.0, 3.0)
    path = np.stack(
        [
            outer,
            hinge,
            hinge + (beside - hinge) * (0.35, 0.4, 0.35),
            hinge + (beside - hinge) * (0.75, 0.75, 0.7),
            beside,
            beside + (side * 2.0, 0.0, 22.0),
            beside + (side * 2.0, 5.0, 36.0),
            beside + (side * 0.5, 24.0, 46.0),
        ]
    )
    # Seen from the side acetate is a broad band, metal a wire.
    high = 1.0 if pair.thickness < 1.2 else 1.5
    radius = np.full(len(path), max(pair.thickness, 0.8))
    return tube(path, radius, 6, flat=(high, 0.7))


def _window(
    kind: str, outline: NDArray[np.float64], pair: Spectacles, rng: np.random.Generator
) -> Prop:
    """A bright pane mirrored in a lens, just before it and within its rim."""
    middle = outline.mean(axis=0)
    u = np.array([np.ptp(outline[:, 0]) / 2, 0.0, 0.0])
    v = np.array([0.0, np.ptp(outline[:, 1]) / 2, 0.0])
    left, top = rng.uniform(-0.55, 0.1), rng.uniform(-0.55, 0.0)
    wide, high = rng.uniform(0.15, 0.5), rng.uniform(0.2, 0.6)
    slant = rng.uniform(-0.15, 0.15)
    corners = np.array(
        [
            [middle + u * (left + slant) + v * top, middle + u * (left + wide + slant) + v * top],
            [middle + u * left + v * (top + high), middle + u * (left + wide) + v * (top + high)],
        ]
    )
    corners[..., 2] = middle[2] - 1.2 + 0.0016 * (corners[..., 0] ** 2 - middle[0] ** 2)
    return prop(
        f"{kind}.reflection",
        sheet(corners),
        # Paler than any paint, because it mirrors a source of light; lit as the scene is.
        1.4 * linear(rng.uniform(190, 250) * np.array([0.97, 1.0, 1.02])),
        opacity=0.5 * pair.reflection,
        casts_shadow=False,
    )
