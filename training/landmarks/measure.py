"""Runs a landmark model over labelled faces under one protocol: its answers beside the truth."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.face.geometry import Box, Crop, crop_transform, invert, transform
from app.face.landmarks import LandmarkScheme, scheme
from training.images import read_rgb
from training.landmarks.metrics import to_five
from training.landmarks.predictor import LandmarkPredictor
from training.landmarks.protocols import Protocol, labelled_box
from training.samples import FaceSample, ImageSample

Floats = NDArray[np.float64]

_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class LabelledFace:
    """One face to be judged on. index: its place among the faces of its image."""

    sample: ImageSample
    face: FaceSample
    index: int
    truth: Floats
    seen: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a model said about N faces; the rows of faces that were not found are NaN.

    points, baseline: (N, K, 2) image pixels, the model's and the mean face's (None without a mean
    face). points_in_crop, truth_in_crop: (N, K, 2) unit crop. std: (N, K) unit crop, or None.
    crops: (N, S, S, 3) uint8, or None when they were not kept. All points are in the scheme of the
    truth.
    """

    protocol: Protocol
    found: NDArray[np.bool_]
    points: Floats
    points_in_crop: Floats
    truth_in_crop: Floats
    std: Floats | None
    baseline: Floats | None
    crops: NDArray[np.uint8] | None


def labelled_faces(samples: Sequence[ImageSample]) -> list[LabelledFace]:
    """The faces of the samples that have points and are not to be ignored, in order.

    ValueError when there is none, or when they are labelled in different schemes.
    """
    faces = [
        LabelledFace(sample, face, index, points.astype(np.float64), _seen(face, len(points)))
        for sample in samples
        for index, face in enumerate(sample.faces)
        if (points := face.points_in_image) is not None and not face.ignore
    ]
    if not faces:
        raise ValueError("no sample has a face with labelled points")
    if len(schemes := {str(entry.face.scheme) for entry in faces}) > 1:
        raise ValueError(f"faces of several schemes {sorted(schemes)}: evaluate each alone")
    return faces


def mean_face(samples: Sequence[ImageSample], crop_scale: float) -> Floats:
    """(K, 2) unit crop: the mean of the labelled points in the crops of their faces.

    The answer of a model that never looked: what a trained one is compared with. Needs no pixels.
    """
    total, count = np.zeros(()), np.zeros(())
    for entry in labelled_faces(samples):
        to_crop = invert(crop_transform(labelled_box(entry.face), crop_scale))
        seen = entry.seen[:, None]
        total = total + np.where(seen, transform(to_crop, entry.truth), 0.0)
        count = count + seen
    return np.asarray(total / np.maximum(count, 1), dtype=np.float64)


def measure(
    predictor: LandmarkPredictor,
    faces: Sequence[LabelledFace],
    protocol: Protocol,
    *,
    mean_points: Floats | None = None,
    seed: int = 0,
    keep_crops: bool = False,
) -> Measurement:
    """Predict every face under the protocol. mean_points: (K, 2) unit crop, in the model's scheme.

    Labels are in the model's scheme, or in "five": then its five named places are judged.
    """
    truth_scheme = scheme(str(faces[0].face.scheme))
    if truth_scheme.name not in (predictor.scheme.name, "five"):
        raise ValueError(
            f"a model of {predictor.scheme.name} cannot be judged on labels of {truth_scheme.name}"
        )
    judge = _Judge(predictor.scheme, truth_scheme, protocol, mean_points)
    answers: list[_Answer] = []
    for chunk in _chunks(_cases(predictor, faces, protocol, seed)):
        crops = [case.crop.pixels for case in chunk if case.crop is not None]
        points, std = predictor.predict(np.stack(crops)) if crops else (np.empty(0), None)
        rows = iter(zip(points, std if std is not None else [None] * len(points), strict=True))
        for case in chunk:
            answers.append(judge.answer(case, *next(rows)) if case.crop else judge.missed())
    blank = np.zeros((predictor.size, predictor.size, 3), np.uint8)
    return Measurement(
        protocol=protocol,
        found=np.array([answer.found for answer in answers]),
        points=np.stack([answer.points for answer in answers]),
        points_in_crop=np.stack([answer.points_in_crop for answer in answers]),
        truth_in_crop=np.stack([answer.truth_in_crop for answer in answers]),
        std=_stacked([answer.std for answer in answers]),
        baseline=_stacked([answer.baseline for answer in answers]),
        crops=np.stack([blank if answer.crop is None else answer.crop for answer in answers])
        if keep_crops
        else None,
    )


@dataclass(frozen=True, slots=True)
class _Case:
    face: LabelledFace
    crop: Crop | None
    width: int


@dataclass(frozen=True, slots=True)
class _Answer:
    """One row of a Measurement."""

    found: bool
    points: Floats
    points_in_crop: Floats
    truth_in_crop: Floats
    std: Floats | None
    baseline: Floats | None
    crop: NDArray[np.uint8] | None


@dataclass(frozen=True, slots=True)
class _Judge:
    """Brings what the model said and the label into the same frame and the same scheme."""

    model: LandmarkScheme
    truth: LandmarkScheme
    protocol: Protocol
    mean_points: Floats | None

    def answer(self, case: _Case, points: Floats, std: Floats | None) -> _Answer:
        if case.crop is None:
            raise ValueError("a face without a crop has no answer")
        in_crop = self._in_truth_scheme(points)
        mean = None if self.mean_points is None else self._in_truth_scheme(self.mean_points)
        return _Answer(
            found=True,
            points=self._placed(case, in_crop),
            points_in_crop=in_crop,
            truth_in_crop=case.crop.points_to_crop(self._turned(case.face.truth, case.width)),
            std=std if self._same_scheme else None,
            baseline=None if mean is None else self._placed(case, mean),
            crop=case.crop.pixels,
        )

    def missed(self) -> _Answer:
        nowhere = np.full((len(self.truth), 2), np.nan)
        std = nowhere[:, 0] if self._same_scheme else None
        baseline = None if self.mean_points is None else nowhere
        return _Answer(False, nowhere, nowhere, nowhere, std, baseline, None)

    @property
    def _same_scheme(self) -> bool:
        return self.model.name == self.truth.name

    def _in_truth_scheme(self, points: Floats) -> Floats:
        return points if self._same_scheme else to_five(points[None], self.model)[0]

    def _placed(self, case: _Case, points_in_crop: Floats) -> Floats:
        if case.crop is None:
            raise ValueError("a face without a crop has no place")
        return self._turned(case.crop.points_to_image(points_in_crop), case.width)

    def _turned(self, points: Floats, width: int) -> Floats:
        """Points of the picture as shown <-> as stored: the same mirroring both ways."""
        return self.truth.mirror(points, width) if self.protocol.mirrored else points


def _cases(
    predictor: LandmarkPredictor, faces: Sequence[LabelledFace], protocol: Protocol, seed: int
) -> Iterator[_Case]:
    path: Path | None = None
    for index, entry in enumerate(faces):
        if entry.sample.path != path:
            path = entry.sample.path
            image = read_rgb(path)
        # A generator for each face: the same jitter whatever else is evaluated before it.
        box = protocol.choose(image, entry.face, np.random.default_rng((seed, index)))
        width = image.shape[1]
        crop = None
        if box is not None and protocol.mirrored:
            mirrored = Box(width - 1 - box.x - box.width, box.y, box.width, box.height)
            crop = predictor.crop(np.ascontiguousarray(image[:, ::-1]), mirrored)
        elif box is not None:
            crop = predictor.crop(image, box)
        yield _Case(entry, crop, width)


def _seen(face: FaceSample, count: int) -> NDArray[np.bool_]:
    return np.ones(count, bool) if face.seen is None else np.asarray(face.seen, bool)


def _chunks(cases: Iterator[_Case]) -> Iterator[list[_Case]]:
    while chunk := list(islice(cases, _AT_ONCE)):
        yield chunk


def _stacked(rows: Sequence[Floats | None]) -> Floats | None:
    """None when a row is None: then no row has a value, apart from faces that were missed."""
    arrays = [row for row in rows if row is not None]
    return np.stack(arrays) if arrays and len(arrays) == len(rows) else None
