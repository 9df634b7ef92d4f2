"""Which pixel of the photograph each point of the fitted head wears."""

import numpy as np
from numpy.typing import NDArray

from training.profiling.fit import HeadFit
from training.profiling.patch import FacePatch
from training.profiling.surroundings import Outline, along
from training.synthetic.mesh import vertex_normals
from training.synthetic.noise import smoothstep

_REACH = 12.0  # mm; how far around a landmark its correction reaches
_FAINT = 0.3  # corrections fade where all landmarks are farther than about 1.5 times the reach
_EAR = (0.12, 0.42)  # shares of the way back between which the picture changes to hair
_THROAT = (1.85, 2.15)  # radians from the top between which ear changes to throat
_MIRRORED = 0.2  # of the face's radius: how much skin below the ear is mirrored
_LIFT = 0.6
_PULLED = 4.5  # mm; what the outline of a fit is off by


def texture_coordinates(
    fit: HeadFit,
    points: NDArray[np.floating],
    patch: FacePatch,
    surface: NDArray[np.float64],
    outline: Outline,
) -> NDArray[np.float32]:
    """(n, 2) pixels of the photograph for the patch's vertices.

    The face wears what it is projected onto, moved by what the fit left over at the landmarks near
    it (points: the photograph's 68): the annotated corner of an eye comes to lie on the model's.
    The shell wears the strip of hair and ear around the face, stretched.

    surface: (n, 3) mm, the patch of the fitted head. outline: that of the head in the photograph.
    """
    face = surface[: patch.faces]
    projected = fit.camera.project(fit.pose.to_camera(face))
    left_over = np.asarray(points, dtype=np.float64) - fit.projected
    moved = projected + spread(left_over, fit.marks, face)
    moved += _inwards(fit, patch, face)
    shell = _strip(moved[patch.rim], patch, outline)
    return np.concatenate([moved, shell]).astype(np.float32)


def spread(
    values: NDArray[np.float64], sites: NDArray[np.float64], places: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Values (K, 2) given at sites (K, 3), smoothly carried to places (n, 3); mm."""
    squares = (places**2).sum(axis=1)[:, None] + (sites**2).sum(axis=1) - 2 * places @ sites.T
    weights = np.exp(-np.maximum(squares, 0.0) / (2 * _REACH**2))
    return np.asarray(weights @ values / np.maximum(weights.sum(axis=1, keepdims=True), _FAINT))


def _inwards(fit: HeadFit, patch: FacePatch, face: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 2) pixels from the outline to the face's middle, so that no background is worn.

    Skin seen at a grazing angle is smeared anyway, and there a small error of the fit would reach
    beyond the face.
    """
    in_camera = fit.pose.to_camera(face)
    normals = vertex_normals(in_camera, patch.face_triangles)
    to_viewer = -in_camera / np.linalg.norm(in_camera, axis=1, keepdims=True)
    cosine = np.clip((normals * to_viewer).sum(axis=1), 0.0, 1.0)
    grazing = (1.0 - cosine) ** 3
    pixels = _PULLED * fit.camera.fx / in_camera[:, 2]
    return np.asarray(-normals[:, :2] * (grazing * pixels)[:, None], dtype=np.float64)


def _strip(rim: NDArray[np.float64], patch: FacePatch, outline: Outline) -> NDArray[np.float64]:
    """(RINGS * r, 2): from where the face ends to where the hair does, away from the middle.

    Going back from the ear the picture is taken from ever higher up, where there is hair: ears are
    not drawn out to the back of the head. Below the ear, where shoulders and background come next,
    the skin inside the rim is mirrored.
    """
    rings = len(patch.ring_of) // len(rim)
    offset = np.tile(rim - outline.middle, (rings, 1))
    length = np.maximum(np.linalg.norm(offset, axis=1), 1e-6)
    # A strip is never so thin that single pixels are drawn out.
    width = np.maximum(along(outline, offset) - length, 0.04 * length)
    from_top = np.arctan2(offset[:, 0], -offset[:, 1])
    throat = smoothstep(np.abs(from_top), *_THROAT)
    lifted = from_top * (1.0 - _LIFT * smoothstep(patch.ring_of, *_EAR) * (1.0 - throat))
    outwards = np.stack([np.sin(lifted), -np.cos(lifted)], axis=1)
    # Higher up the face ends at another radius: start at the same share of it.
    hair = along(outline, outwards)
    share = width / (length + width)
    reach = hair * share * (1.0 - throat) - _MIRRORED * length * throat
    covered = 1.0 - (1.0 - patch.ring_of) ** 2
    radius = hair * (1.0 - share) * (1.0 - throat) + length * throat + reach * covered
    return np.asarray(outline.middle + outwards * radius[:, None])
