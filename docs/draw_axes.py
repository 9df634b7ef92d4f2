"""Draws docs/images/axes.png, the rotation convention, from the code that defines it.

Run from the root of the repository in the training environment: `python -m docs.draw_axes`.
"""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from app.face.landmarks import scheme
from app.face.pnp import canonical_points
from app.face.rotation import from_euler

TARGET = Path(__file__).parent / "images" / "axes.png"
INK, FAINT, SKIN, FACING = "#22303c", "#9aa7b2", "#f3e3d3", "#1f5fbf"
AXES = {"x": "#c62f2f", "y": "#2b8a3e", "z": FACING}
FACES = (  # (yaw, pitch, roll), title, what one sees
    ((0, 0, 0), "all angles 0", "upright, looks into the camera"),
    ((35, 0, 0), "yaw = +35°", "turns to the image's right"),
    ((0, 30, 0), "pitch = +30°", "looks up"),
    ((0, 0, 25), "roll = +25°", "tilts clockwise"),
)
# An ellipsoid for the skull, in the units of `centred_head`: it hides what lies behind it.
SKULL_CENTRE, SKULL_RADII = np.array([0.0, -0.36, 0.7]), np.array([1.16, 1.4, 1.3])

Points = NDArray[np.float64]


def centred_head() -> Points:
    """(68, 3) canonical points about their middle, scaled to a height of 2 from brow to chin."""
    points = np.asarray(canonical_points(), np.float64)
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    return np.asarray((points - middle) / np.ptp(points[:, 1]) * 2)


def arrow(axes: Axes, start: Points, end: Points, colour: str, label: str = "") -> None:
    """An arrow in the plane of the drawing, with its name beyond the tip."""
    style = {"arrowstyle": "-|>", "color": colour, "lw": 2.4, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", xy=end, xytext=start, arrowprops=style, zorder=5)
    away = (end - start) / np.linalg.norm(end - start)
    axes.text(*(end + 0.18 * away), label, color=colour, ha="center", va="center", zorder=6)


def draw_head(axes: Axes, to_view: Points, centre: Points) -> None:
    """The head's landmarks on its skull; to_view (3, 3) gives paper x, paper y (down) and depth."""
    points = centred_head()
    circle = np.linspace(0, 2 * np.pi, 120)
    shape = (to_view * SKULL_RADII)[:2]
    outline = np.linalg.cholesky(shape @ shape.T) @ np.stack([np.cos(circle), np.sin(circle)])
    skull = (centre + to_view @ SKULL_CENTRE)[:2]
    axes.fill(*(outline + skull[:, None]), facecolor=SKIN, edgecolor=INK, lw=1.2, zorder=2)
    normals = (points - SKULL_CENTRE) / SKULL_RADII**2
    seen = normals @ to_view[2] < 0
    flat = (points @ to_view.T + centre)[:, :2]
    for first, second in scheme("ibug-68").edges:
        if seen[first] and seen[second]:
            axes.plot(*flat[[first, second]].T, color=INK, lw=1.6, zorder=3)


def draw_face(axes: Axes, angles: tuple[float, float, float], title: str, note: str) -> None:
    """The head as the camera sees it: image x to the right, image y down."""
    rotation = from_euler(*angles)
    draw_head(axes, rotation, np.zeros(3))
    nose = (centred_head() @ rotation.T)[30, :2]
    facing = (rotation @ (0, 0, -1.9))[:2]
    if np.linalg.norm(facing) > 0.1:
        arrow(axes, nose, nose + facing, FACING)
    else:
        axes.plot(*nose, "o", color=FACING, ms=9, zorder=6)
    if angles[2]:
        bend = {
            "arrowstyle": "-|>",
            "color": FACING,
            "lw": 2.4,
            "connectionstyle": "arc3,rad=-0.35",
        }
        axes.annotate("", xy=(1.75, -1.2), xytext=(0.2, -2.0), arrowprops=bend, zorder=5)
    axes.set_title(title, color=INK, fontsize=13, fontweight="bold")
    axes.text(0, 1.75, note, color=INK, ha="center", va="center", fontsize=11)
    axes.set(xlim=(-2.1, 2.1), ylim=(2.05, -2.15), aspect="equal")
    plain(axes)


def plain(axes: Axes) -> None:
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set_color(FAINT)


def draw_frames(axes: Axes) -> None:
    """The camera and the head in front of it, seen from the camera's right, above and behind."""
    across, down = np.radians((58, 17))
    right = np.array([np.cos(across), 0, np.sin(across)])
    below = np.array([np.sin(down) * right[2], np.cos(down), -np.sin(down) * right[0]])
    to_view = np.stack([right, below, np.cross(right, below)])
    head = np.array([0, 0, 6.0])
    camera_on_paper, head_on_paper = np.zeros(2), (to_view @ head)[:2]
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]]) * 0.55
    image = (np.column_stack([corners, np.full(5, 2.0)]) @ to_view.T)[:, :2]
    axes.fill(*image.T, facecolor="#eef3f7", edgecolor=FAINT, lw=1.4, zorder=1)
    for corner in image[:4]:
        axes.plot(*np.stack([camera_on_paper, corner]).T, color=FAINT, lw=0.8)
    axes.plot(*np.stack([camera_on_paper, head_on_paper]).T, ls=":", color=FAINT, lw=1.4)
    axes.text(*(image[1] + np.array((0.12, -0.1))), "image", color=INK, fontsize=10)
    draw_head(axes, to_view, to_view @ head)
    for index, name in enumerate("xyz"):
        step = to_view[:2, index]
        arrow(axes, camera_on_paper, 1.25 * step, AXES[name], name)
        arrow(axes, head_on_paper, head_on_paper + 2.3 * step, AXES[name], name)
    axes.plot(*camera_on_paper, "s", color=INK, ms=12, zorder=7)
    axes.text(-0.3, -0.3, "camera", color=INK, ha="right", fontsize=11)
    axes.text(
        head_on_paper[0] + 0.4,
        head_on_paper[1] - 2.4,
        "head, all angles 0",
        color=INK,
        ha="center",
        fontsize=11,
    )
    axes.set_title(
        "x right, y down, z away from the camera", color=INK, fontsize=13, fontweight="bold"
    )
    axes.set(aspect="equal", xlim=(-1.5, 7.6), ylim=(2.6, -4.6))
    plain(axes)


def main() -> None:
    figure = plt.figure(figsize=(13.2, 6.6), facecolor="white", layout="constrained")
    grid = figure.add_gridspec(2, 4)
    draw_frames(figure.add_subplot(grid[:, :2]))
    for index, face in enumerate(FACES):
        draw_face(figure.add_subplot(grid[index // 2, 2 + index % 2]), *face)
    TARGET.parent.mkdir(exist_ok=True)
    figure.savefig(TARGET, dpi=100, metadata={"Software": None})


if __name__ == "__main__":
    main()
