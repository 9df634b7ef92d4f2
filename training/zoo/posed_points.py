"""68 points and the head's rotation, without pictures: what distances-mlp learns from."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from app.face.geometry import crop_transform, invert, transform
from app.face.rotation import to_euler
from training.fit import EpochBatches
from training.landmarks.protocols import labelled_box
from training.profiling.fit import HeadFitter
from training.profiling.habits import habits_of_300w
from training.samples import ImageSample
from training.synthetic.contour import JawContour
from training.synthetic.facekit import load_facekit

Floats = NDArray[np.float64]
Fit = Callable[[Floats], Floats | None]
"""Points (68, 2), unit crop, to the rotation (3, 3) of the head; None if it cannot be believed."""

_FILE = "points.npz"
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

    @classmethod
    def of(cls, samples: Iterable[ImageSample], fit: Fit) -> Self:
        """The faces with all of their 68 points; fit: for those of unknown rotation.

        ValueError when there is none.
        """
        rows = []
        for sample in tqdm(samples, desc="prepare", unit="picture"):
            for face in sample.faces:
                points = face.points_in_image
                seen = face.seen is None or face.seen.all()
                if points is None or face.scheme != "ibug-68" or not seen or face.ignore:
                    continue
                in_crop = transform(invert(crop_transform(labelled_box(face))), points)
                rotation = fit(in_crop) if face.rotation is None else face.rotation
                if rotation is not None:
                    yaw, pitch, roll = to_euler(rotation)
                    rows.append((in_crop, (roll, pitch, yaw), sample.source, sample.split))
        if not rows:
            raise ValueError("none of these samples has a face with 68 points and a rotation")
        points, angles, source, split = zip(*rows, strict=True)
        return cls(
            np.stack(points).astype(np.float32),
            np.array(angles, np.float32),
            np.array(source),
            np.array(split),
        )

    def of_split(self, split: str) -> "PosedPoints":
        rows = self.split == split
        return PosedPoints(
            self.points[rows], self.angles[rows], self.source[rows], self.split[rows]
        )

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(
            folder / _FILE,
            points=self.points,
            angles=self.angles,
            source=self.source,
            split=self.split,
        )

    @classmethod
    def load(cls, folder: Path) -> Self:
        """FileNotFoundError says which command makes the folder."""
        if not (folder / _FILE).is_file():
            raise FileNotFoundError(
                f"{folder} is not prepared: run `python -m training prepare` first"
            )
        with np.load(folder / _FILE) as arrays:
            return cls(**{name: arrays[name] for name in arrays.files})


class AngleBatches(EpochBatches):
    """Items: points (B, 68, 2), unit crop, and angles (B, 3): roll, pitch, yaw, degrees."""

    def __init__(self, faces: PosedPoints, *, batch: int, steps: int, seed: int) -> None:
        super().__init__(steps=steps, seed=seed)
        self._faces, self._batch = faces, batch

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        rows = self.generator(index).integers(len(self._faces.points), size=self._batch)
        return self._faces.points[rows], self._faces.angles[rows]


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
