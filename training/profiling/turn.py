"""A photograph with a fitted head, seen with the head turned."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from training.profiling.basis import JAW
from training.profiling.fit import HeadFit
from training.profiling.patch import FacePatch
from training.profiling.surroundings import Continued, Outline, bend, continued, outline
from training.profiling.texture import texture_coordinates
from training.synthetic.camera import PinholeCamera
from training.synthetic.contour import FACE_VERTICES, JawContour
from training.synthetic.facekit import FaceKit
from training.synthetic.head import Pose
from training.synthetic.labels import FaceLabel, label_face
from training.synthetic.placing import crop_camera
from training.synthetic.rasteriser import rasterise

DEFAULT_SIZE, DEFAULT_MARGIN = 160, 1.5  # as rendered samples
PUPILS_OF_MUCT = (31, 36)
_SUPERSAMPLING = 2  # samples per pixel and axis
_COARSE = 1 / 4  # the background is bent on a grid of so many nodes per sample


@dataclass(frozen=True, slots=True)
class Turned:
    """image: (S, S, 3) uint8 RGB; face: its label, as exact as the fit was."""

    image: NDArray[np.uint8]
    face: FaceLabel


@dataclass(frozen=True, slots=True)
class Dressed:
    """A fitted head that wears its photograph, ready to be turned many times.

    surface: (n, 3) mm, head frame. worn: (n, 2) pixels of the photograph.
    """

    fit: HeadFit
    photograph: Continued
    surface: NDArray[np.float64]
    worn: NDArray[np.float32]
    outline: Outline


class HeadTurner:
    """Turns fitted heads of one model; building it costs as much as a few pictures."""

    def __init__(self, kit: FaceKit, contour: JawContour) -> None:
        self._kit = kit
        self._patch = FacePatch(kit)
        self._contour = contour

    def dress(
        self, photograph: NDArray[np.uint8], points: NDArray[np.floating], fit: HeadFit
    ) -> Dressed:
        """photograph: (H, W, 3) uint8 RGB; points: (68, 2) its pixels, which `fit` was made of."""
        surface = self._patch.of(fit.vertices)
        around = outline(fit.camera.project(fit.pose.to_camera(surface)))
        worn = texture_coordinates(fit, points, self._patch, surface, around)
        return Dressed(fit, continued(photograph), surface, worn, around)

    def turn(
        self,
        head: Dressed,
        rotation: NDArray[np.float64],
        size: int = DEFAULT_SIZE,
        margin: float = DEFAULT_MARGIN,
        rng: np.random.Generator | None = None,
    ) -> Turned:
        """The head with another rotation (3, 3), canonical, at the same place.

        The picture is the crop that `training.synthetic.placing.crop_camera` makes with size,
        margin and rng.
        """
        pose = Pose(rotation, head.fit.pose.translation)
        camera = crop_camera(self._points(head.fit, pose), size, margin, rng)
        fine = camera.finer(_SUPERSAMPLING)
        in_camera = pose.to_camera(head.surface)
        buffer = rasterise(in_camera, self._patch.triangles, fine)
        sources = _surroundings(head, in_camera, fine)
        sources[buffer.covered] = buffer.interpolate(self._patch.triangles, head.worn)
        sources += np.float32(head.photograph.margin)
        large = cv2.remap(
            head.photograph.pixels,
            sources[..., 0],
            sources[..., 1],
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        image = cv2.resize(large, (size, size), interpolation=cv2.INTER_AREA)
        vertices = head.fit.vertices
        label = label_face(self._kit, self._contour, vertices, pose, camera, buffer.depth)
        return Turned(np.asarray(image, dtype=np.uint8), _as_far_as_known(label))

    def _points(self, fit: HeadFit, pose: Pose) -> NDArray[np.float64]:
        """(68, 3) mm, camera frame, the jaw on the new outline."""
        in_camera = pose.to_camera(fit.vertices[:FACE_VERTICES])
        inner = self._contour.marks.ibug.place(in_camera)[JAW:]
        return np.concatenate([self._contour.points(in_camera), inner])


def _as_far_as_known(label: FaceLabel) -> FaceLabel:
    """Nobody knows where the photographed eyes looked: gaze is NaN, pupils count as not visible."""
    eyes = replace(
        label.eyes,
        gaze=np.full_like(label.eyes.gaze, np.nan),
        gaze_angles=np.full_like(label.eyes.gaze_angles, np.nan),
        pupils_visible=np.zeros_like(label.eyes.pupils_visible),
    )
    schemes = dict(label.schemes)
    muct = schemes["muct-76"]
    visible = muct.visible.copy()
    visible[list(PUPILS_OF_MUCT)] = False
    schemes["muct-76"] = replace(muct, visible=visible)
    return replace(label, eyes=eyes, schemes=schemes)


def _surroundings(
    head: Dressed, in_camera: NDArray[np.float64], camera: PinholeCamera
) -> NDArray[np.float32]:
    """(H, W, 2) pixels of the photograph for every pixel of `camera`, the head left out."""
    original = head.fit.camera
    coarse = camera.finer(_COARSE)
    rows, columns = np.mgrid[: coarse.height, : coarse.width]
    x = (columns - coarse.cx) * (original.fx / coarse.fx) + original.cx
    y = (rows - coarse.cy) * (original.fy / coarse.fy) + original.cy
    bent = bend(np.stack([x, y], axis=-1), head.outline, outline(original.project(in_camera)))
    fine = cv2.resize(bent, (camera.width, camera.height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(fine, dtype=np.float32)
