"""68 points and the head's rotation, without pictures: what distances-mlp learns from."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from app.face.geometry import crop_transform, invert, transform
from app.face.rotation import to_euler
from training.fit import EpochBatches
from training.landmarks.protocols import labelled_box
from training.prepared_folder import Arrays, LeftOut, fill, read
from training.profiling.fit import HeadFitter
from training.profiling.habits import habits_of_300w
from training.samples import FaceSample, ImageSample
from training.synthetic.contour import JawContour
from training.synthetic.facekit import load_facekit

Floats = NDArray[np.float64]
Fit = Callable[[Floats], Floats | None]
"""Points (68, 2), unit crop, to the rotation (3, 3) of the head; None if it cannot be believed."""

SCHEME = "ibug-68"
_SIDE = 256  # of the picture with the crop in its middle that a head is fitted in


@dataclass(frozen=True, slots=True)
class PosedPoints:
    """points: (n, 68, 2), unit crop of the labelled box. angles: (n, 3) roll, pitch, yaw in
    degrees, canonical (app.face.rotation). source, split: (n,) str.
    """

    points: NDArray[np.float32]
    angles: NDArray[np.float32]
    source: NDArray[np.str_]
    split: NDArray[np.str_]

    def of_split(self, split: str) -> "PosedPoints":
        rows = self.split == split
        return PosedPoints(
            self.points[rows], self.angles[rows], self.source[rows], self.split[rows]
        )

    @classmethod
    def load(cls, folder: Path) -> Self:
        """What `prepare_posed` wrote; FileNotFoundError says which command makes the folder."""
        faces = read(folder)
        return cls(**{field.name: faces[field.name] for field in fields(cls)})


def prepare_posed(
    samples: Iterable[ImageSample], fit: Fit, folder: Path, limit: int | None = None
) -> None:
    """Writes the faces with all of their 68 points into `folder` (training.prepared_folder).

    fit: for those of unknown rotation. limit: the samples are that many of each set. ValueError
    when there is no face.
    """
    fill(folder, list(samples), partial(_faces, fit=fit), {"scheme": SCHEME}, limit)


class AngleBatches(EpochBatches):
    """Items: points (B, 68, 2), unit crop, and angles (B, 3): roll, pitch, yaw, degrees."""

    def __init__(self, faces: PosedPoints, *, batch: int, steps: int, seed: int) -> None:
        super().__init__(steps=steps, seed=seed)
        self._faces, self._batch = faces, batch

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        rows = self.generator(index).integers(len(self._faces.points), size=self._batch)
        return self._faces.points[rows], self._faces.angles[rows]


def _faces(samples: Sequence[ImageSample], left_out: LeftOut, fit: Fit) -> Arrays | None:
    rows: list[Arrays] = []
    for sample in samples:
        for face in sample.faces:
            if reason := _rejection(face):
                left_out.append((sample.name, reason))
                continue
            assert face.points_in_image is not None  # else it was rejected
            in_crop = transform(invert(crop_transform(labelled_box(face))), face.points_in_image)
            rotation = fit(in_crop) if face.rotation is None else face.rotation
            if rotation is None:
                left_out.append((sample.name, "the fitted head leaves too much over"))
                continue
            yaw, pitch, roll = to_euler(rotation)
            rows.append(
                {
                    "points": in_crop.astype(np.float32),
                    "angles": np.array((roll, pitch, yaw), np.float32),
                    "source": sample.source,
                    "subject": sample.subject,
                    "split": sample.split,
                }
            )
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]} if rows else None


def _rejection(face: FaceSample) -> str | None:
    if face.points_in_image is None or face.scheme != SCHEME:
        return f"no {SCHEME} points"
    if face.seen is not None and not face.seen.all():
        return "points that cannot be seen"
    return "marked to be ignored" if face.ignore else None


def head_fit(facekit: Path) -> Fit:
    """Fits the morphable head of the folder `facekit`, which is read when first asked for."""
    fitter: list[HeadFitter] = []

    def fit(points_in_crop: Floats) -> Floats | None:
        if not fitter:
            kit = load_facekit(facekit)
            contour = JawContour(kit)
            fitter.append(HeadFitter(kit, contour, habits_of_300w(kit, contour)))
        # The crop in the middle of a picture twice as wide, as prepared pictures are.
        pixels = (points_in_crop / 2 + 0.25) * _SIDE - 0.5
        found = fitter[0].fit(pixels, (_SIDE, _SIDE))
        return found.rotation if found.accepted else None

    return fit
