"""Hair as stacked shells over the scalp, and as a curtain for long hair; both with soft edges."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.synthetic.appearance import Appearance
from training.synthetic.facekit import SKIN_VERTICES
from training.synthetic.noise import fractal, noise, smoothstep

_SHELLS = 14
_CROWN = np.array([0.0, -125.0, 35.0])  # where hair parts, head frame, mm


@dataclass(frozen=True, slots=True)
class HairMesh:
    """A layer of hair in the head frame.

    vertices: (n, 3) mm, at their place on this head; rest: (n, 3) mm, on the undeformed one.
    level: (n,) 0 at the scalp .. 1 at the outermost shell.
    edge: (n,) mm inside the hair's border, negative outside.
    on_scalp: its vertices are the skin's, lifted; False for hair that hangs free.
    """

    vertices: NDArray[np.float64]
    rest: NDArray[np.float32]
    triangles: NDArray[np.int32]
    level: NDArray[np.float32]
    edge: NDArray[np.float32]
    on_scalp: bool


def hair_meshes(
    vertices: NDArray[np.float64],
    rest: NDArray[np.float32],
    normals: NDArray[np.float32],
    skin_triangles: NDArray[np.int32],
    look: Appearance,
) -> list[HairMesh]:
    """The layers of a hair style, innermost first; an empty list for a bald head."""
    if look.style == "bald":
        return []
    scalp = slice(0, SKIN_VERTICES)
    edge = _inside_hairline(rest[scalp], look)
    triangles = skin_triangles[(edge[skin_triangles] > -14.0).any(axis=1)]
    volume = _volume(rest[scalp], edge, look)
    meshes = []
    for shell in range(_SHELLS):
        level = (shell + 0.5) / _SHELLS
        lifted = vertices[scalp] + normals[scalp] * (volume * level + 0.5)[:, None]
        levels = np.full(len(edge), level, dtype=np.float32)
        meshes.append(HairMesh(lifted, rest[scalp], triangles, levels, edge, True))
    if look.style == "long":
        meshes.insert(0, _curtain(look))
    return meshes


def hair_colour(
    rest: NDArray[np.float32], level: NDArray[np.float32], look: Appearance
) -> NDArray[np.float32]:
    """(P, 3) linear albedo: strands of slightly different shades, dark near the scalp."""
    strands = _strands(rest, look.seed + 21, 0.9)
    locks = _strands(rest, look.seed + 22, 5.0)
    shade = 0.55 + 0.45 * level + 0.22 * strands + 0.16 * locks
    return np.asarray(look.hair * np.clip(shade, 0.15, 2.0)[:, None], dtype=np.float32)


def hair_opacity(
    rest: NDArray[np.float32],
    level: NDArray[np.float32],
    edge: NDArray[np.float32],
    look: Appearance,
) -> NDArray[np.float32]:
    """(P,) 0..1: full well inside the hairline, single strands at it and in the outer shells."""
    strands = _strands(rest, look.seed + 21, 0.9)
    locks = _strands(rest, look.seed + 22, 5.0)
    hairline = smoothstep(edge + 3.0 * strands + 1.5 * locks, -2.0, 9.0)
    gaps = (0.75 * strands + 0.55 * locks) * np.minimum(2.5 * level, 1.0)
    outer = smoothstep(0.85 + gaps - level, -0.1, 0.35)
    return np.asarray(hairline * outer, dtype=np.float32)


def _inside_hairline(rest: NDArray[np.float32], look: Appearance) -> NDArray[np.float32]:
    """Millimetres inside the hair-covered part of the undeformed head."""
    x, up, forward = rest[:, 0], -rest[:, 1], -rest[:, 2]
    wave = 2.5 * fractal(rest / 18.0, look.seed + 20)
    # Across the forehead nearly level, then falling steeply at the temples.
    front = up - (look.hairline - 30.0 * np.abs(x / 66.0) ** 3)
    sideburn = np.minimum(38.0 + 0.1 * up - forward, up - 12.0)
    nape = np.minimum(-8.0 - forward, up + (52.0 if look.style != "long" else 90.0))
    inside = np.maximum(np.maximum(front, sideburn), nape) + wave
    # Hair grows round the ears, not on them.
    round_ear = np.hypot((forward + 3.0) / 27.0, (up - 8.0) / 43.0) - 1.0
    beside = smoothstep(np.abs(x), 66.0, 60.0) * 60.0
    return np.minimum(inside, 34.0 * round_ear + beside).astype(np.float32)


def _volume(
    rest: NDArray[np.float32], edge: NDArray[np.float32], look: Appearance
) -> NDArray[np.float32]:
    """(n,) mm of hair above the scalp: none at the hairline, most on top."""
    top = 0.55 + 0.6 * smoothstep(-rest[:, 1], 60.0, 130.0)
    uneven = 1.0 + 0.25 * fractal(rest / 30.0, look.seed + 23)
    grown = smoothstep(edge, -4.0, 30.0) * 0.85 + 0.15 * smoothstep(edge, -4.0, 2.0)
    return np.asarray(look.hair_thickness * top * uneven * grown, dtype=np.float32)


def _strands(rest: NDArray[np.float32], seed: int, width: float) -> NDArray[np.float32]:
    """(P,) noise -1..1 drawn out along the way hair falls from the crown; width in mm."""
    offset = rest - _CROWN
    around = np.arctan2(offset[:, 0], -offset[:, 2])
    along = np.arccos(np.clip(-offset[:, 1] / np.linalg.norm(offset + 1e-3, axis=1), -1, 1))
    bent = around + 0.06 * np.sin(along * 9.0 + seed % 7)
    radius = 75.0 / width
    points = np.stack([np.cos(bent) * radius, np.sin(bent) * radius, along * 2.6], axis=1)
    return noise(points, seed)


def _curtain(look: Appearance) -> HairMesh:
    """Hair falling round the back and the sides of the head to the shoulders."""
    rng = np.random.default_rng(look.seed + 24)
    columns, rows = 140, 60
    opening = np.deg2rad(rng.uniform(57, 75))  # from the face's axis to the front edge
    bottom = rng.uniform(95, 190)
    around = np.linspace(opening, 2 * np.pi - opening, columns)
    down = np.linspace(-118.0, bottom, rows)
    angle, y = np.meshgrid(around, down)
    cap = np.sqrt(np.clip(1.0 - (np.maximum(-y - 15.0, 0.0) / 126.0) ** 2, 0.02, 1.0))
    flare = 1.0 + 0.0010 * np.clip(y, 0, 110) + 0.05 * np.sin(y / 30.0 + rng.uniform(0, 6))
    wave = 1.0 + 0.025 * np.sin(angle * 11 + y / 40.0) + 0.015 * np.sin(angle * 23 - y / 25.0)
    radius = (cap * flare * wave)[..., None]
    round_head = np.stack([np.sin(angle) * 95.0, np.zeros_like(y), -np.cos(angle) * 108.0], -1)
    surface = round_head * radius + np.stack([np.zeros_like(y), y, np.full_like(y, -4.0)], -1)
    ragged = rng.normal(0, 7, columns)[None, :]
    edge = np.minimum((angle - opening) * 80, (2 * np.pi - opening - angle) * 80)
    edge = np.minimum(edge, bottom - y + ragged - 14.0) + 4.0
    flat = surface.reshape(-1, 3)
    level = np.full(len(flat), 0.15, dtype=np.float32)
    triangles = grid_triangles(rows, columns)
    rest = flat.astype(np.float32)
    return HairMesh(flat, rest, triangles, level, edge.ravel().astype(np.float32), False)


def grid_triangles(rows: int, columns: int) -> NDArray[np.int32]:
    """(2 (rows-1) (columns-1), 3) triangles of a grid of vertices stored row by row."""
    corner = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    first = np.stack([corner, corner + columns, corner + 1], axis=1)
    second = np.stack([corner + 1, corner + columns, corner + columns + 1], axis=1)
    return np.concatenate([first, second]).astype(np.int32)
