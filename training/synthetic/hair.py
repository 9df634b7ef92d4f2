"""Hair as stacked shells over the scalp, and as a curtain for long hair; both with soft edges."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.synthetic.appearance import Appearance
from training.synthetic.facekit import SKIN_VERTICES
from training.synthetic.head import Pose, posed
from training.synthetic.mesh import vertex_normals
from training.synthetic.noise import fractal, noise, smoothstep

_CROWN = np.array([0.0, -125.0, 35.0], dtype=np.float32)  # where hair parts, head frame, mm
_CURTAIN_LEVEL = 0.15


@dataclass(frozen=True, slots=True)
class HairLayer:
    """A layer of hair in the camera frame, n vertices.

    in_camera: (n, 3) mm; normals: (n, 3) unit vectors; triangles: (t, 3).
    strand: (n, 3) place in the unrolled hair: cosine and sine of the angle about the crown, and
    how far down from it. level: 0 at the scalp .. 1 at the outermost shell.
    edge: (n,) mm inside the hair's border, negative outside.
    on_scalp: its vertices are the skin's, lifted; False for hair that hangs free.
    """

    in_camera: NDArray[np.float64]
    normals: NDArray[np.float32]
    triangles: NDArray[np.int32]
    strand: NDArray[np.float32]
    level: float
    edge: NDArray[np.float32]
    on_scalp: bool


def hair_layers(
    skin_in_camera: NDArray[np.float64],
    rest: NDArray[np.float32],
    normals: NDArray[np.float32],
    scalp: NDArray[np.int32],
    look: Appearance,
    pose: Pose,
    shells: int,
) -> list[HairLayer]:
    """The layers of a hair style, innermost first; an empty list for a bald head.

    skin_in_camera, rest, normals: (V, 3), the skin's vertices first; scalp: (S, 3) triangles.
    """
    if look.style == "bald":
        return []
    skin = slice(0, SKIN_VERTICES)
    rest = rest[skin]
    edge = _inside_hairline(rest, look)
    near = edge > -14.0
    triangles = scalp[near[scalp[:, 0]] | near[scalp[:, 1]] | near[scalp[:, 2]]]
    volume = _volume(rest, edge, look)
    strand = _unrolled(rest, look)
    layers = [_curtain(look, pose)] if look.cut.hangs_to > 0.0 else []
    for shell in range(shells):
        level = (shell + 0.5) / shells
        lifted = skin_in_camera[skin] + normals[skin] * (volume * level + 0.5)[:, None]
        layers.append(HairLayer(lifted, normals[skin], triangles, strand, level, edge, True))
    return layers


def strands(
    unrolled: NDArray[np.float32], seed: int, width: float, curl: float = 0.0
) -> NDArray[np.float32]:
    """(P,) noise -1..1 drawn out along the way hair falls; unrolled: (P, 3).

    width: mm across. curl: 0 for straight strands .. 1 for tufts as long as wide.
    """
    across = 75.0 / width
    along = 2.6 + curl * max(across - 2.6, 0.0)
    return noise(unrolled * np.array([across, across, along], dtype=np.float32), seed)


def _unrolled(rest: NDArray[np.float32], look: Appearance) -> NDArray[np.float32]:
    offset = rest - _CROWN
    around = np.arctan2(offset[:, 0], -offset[:, 2])
    length = np.sqrt(np.einsum("ij,ij->i", offset, offset)) + np.float32(1e-3)
    along = np.arccos(np.clip(-offset[:, 1] / length, -1.0, 1.0))
    waves = (0.03 + 0.08 * look.cut.curl) * np.sin(along * (9.0 + 12.0 * look.cut.curl))
    bent = around + waves + look.seed % 7
    return np.stack([np.cos(bent), np.sin(bent), along], axis=1).astype(np.float32)


def _inside_hairline(rest: NDArray[np.float32], look: Appearance) -> NDArray[np.float32]:
    """Millimetres inside the hair-covered part of the undeformed head."""
    x, up, forward, cut = rest[:, 0], -rest[:, 1], -rest[:, 2], look.cut
    wave = 2.5 * fractal(rest / 18.0, look.seed + 20)
    # Across the forehead nearly level, then falling steeply at the temples.
    temples = cut.recession * smoothstep(np.abs(x), 8.0, 38.0)
    # Hair also grows under a fringe, so that no skin shows where it parts.
    fringe = 0.6 * cut.fringe * smoothstep(np.abs(x), 74.0, 50.0)
    front = up - (look.hairline + temples - fringe - 30.0 * np.abs(x / 66.0) ** 3)
    sideburn = np.minimum(38.0 + 0.1 * up - forward, up - 12.0)
    nape = np.minimum(-8.0 - forward, up + (90.0 if cut.hangs_to > 0.0 else 52.0))
    inside = np.maximum(np.maximum(front, sideburn), nape) + wave
    if cut.bald_crown > 0.0:
        from_crown = np.sqrt(x**2 + (up - 105.0) ** 2 + (forward + 20.0) ** 2)
        inside = np.minimum(inside, from_crown - cut.bald_crown + 2.0 * wave)
    # Hair grows round the ears, not on them.
    round_ear = np.hypot((forward + 3.0) / 27.0, (up - 8.0) / 43.0) - 1.0
    beside = smoothstep(np.abs(x), 66.0, 60.0) * 60.0
    return np.minimum(inside, 34.0 * round_ear + beside).astype(np.float32)


def _volume(
    rest: NDArray[np.float32], edge: NDArray[np.float32], look: Appearance
) -> NDArray[np.float32]:
    """(n,) mm of hair above the scalp: little at the hairline, most on top."""
    cut, up = look.cut, -rest[:, 1]
    top = 0.55 + 0.6 * smoothstep(up, 60.0, 130.0)
    top = top * (cut.sides + (1.0 - cut.sides) * smoothstep(up, 75.0, 105.0))
    groove = np.exp(-(((rest[:, 0] - cut.parting) / 6.0) ** 2)) * smoothstep(up, 95.0, 115.0)
    uneven = 1.0 + 0.25 * fractal(rest / 30.0, look.seed + 23)
    if cut.curl > 0.5:
        uneven = uneven + 0.35 * cut.curl * noise(rest / 8.0, look.seed + 25)
    grown = smoothstep(edge, -4.0, 30.0) * 0.85 + 0.15 * smoothstep(edge, -4.0, 2.0)
    thickness = look.hair_thickness * top * uneven * grown * (1.0 - 0.75 * cut.parted * groove)
    return np.asarray(thickness, dtype=np.float32)


def _curtain(look: Appearance, pose: Pose) -> HairLayer:
    """Hair falling round the back and the sides of the head to the shoulders."""
    rng = np.random.default_rng(look.seed + 24)
    columns, rows = 140, 60
    opening = np.deg2rad(look.cut.opening)
    bottom = look.cut.hangs_to
    around = np.linspace(opening, 2 * np.pi - opening, columns)
    # Under a cap hair shows only below its rim.
    down = np.linspace(-45.0 if look.under_hat else -118.0, bottom, rows)
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
    rest = flat.astype(np.float32)
    triangles = grid_triangles(rows, columns)
    in_camera = posed(flat, rest, pose)
    return HairLayer(
        in_camera,
        vertex_normals(in_camera, triangles),
        triangles,
        _unrolled(rest, look),
        _CURTAIN_LEVEL,
        edge.ravel().astype(np.float32),
        False,
    )


def grid_triangles(rows: int, columns: int) -> NDArray[np.int32]:
    """(2 (rows-1) (columns-1), 3) triangles of a grid of vertices stored row by row."""
    corner = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    first = np.stack([corner, corner + columns, corner + 1], axis=1)
    second = np.stack([corner + 1, corner + columns, corner + columns + 1], axis=1)
    return np.concatenate([first, second]).astype(np.int32)
