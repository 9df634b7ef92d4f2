"""The self-test: a rendered face goes through the whole pipeline, and the numbers are compared.

The folder holds face.png, its labels face.json (needed only to record), and expected.json with two
sets of numbers. `recorded` are those of the
very models that are shipped (by SHA-256), compared tightly: swapped colours, another crop or
another resampling show here. `truth` is what the renderer knows, compared loosely: it keeps a wrong
pipeline from being recorded as right.

Without a detector the face's true box is given, and the truth alone counts: what was recorded is of
a face that was found.
"""

import json
from collections.abc import Awaitable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Protocol

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.face.geometry import Box
from app.face.rotation import from_euler, geodesic_degrees, to_euler
from app.intake.image_input import ImageInput
from app.observability.observer import Trace
from app.options import Options
from app.results import Face, ImageResult

FOLDER = "self-test"
IMAGE_FILE, LABELS_FILE, EXPECTED_FILE = "face.png", "face.json", "expected.json"
RECORD = "`python -m app self-test --record`"

Point = Annotated[list[float], Field(min_length=2, max_length=2)]


class SelfTestError(Exception):
    """The self-test did not pass; the message says what is off and what to do."""


class Analyze(Protocol):
    """The pipeline under test: `Analyzer.analyze`."""

    def __call__(
        self, images: Sequence[ImageInput], options: Options, trace: Trace
    ) -> Awaitable[list[ImageResult]]: ...


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Angles(_Part):
    """Canonical, degrees."""

    yaw: float
    pitch: float
    roll: float


class Numbers(_Part):
    """One face: box [x, y, width, height] and points in image pixels, confidence 0..1."""

    box: Annotated[list[float], Field(min_length=4, max_length=4)] | None = None
    confidence: float | None = None
    points: list[Point]
    pose: Angles | None


class Tolerance(_Part):
    """points: largest distance as a share of the face's size (root of the box's area). degrees: of
    the turn between two poses. iou: least overlap of the boxes. confidence: largest difference."""

    points: float
    degrees: float
    iou: float
    confidence: float = 0.02


IN_CHEAPER_ARITHMETIC = Tolerance(points=0.015, degrees=1.5, iou=0.93, confidence=0.04)
"""Of what was recorded in fp32: several times what the accuracy gate lets pass on average."""


class Expected(_Part):
    """expected.json. models: name -> SHA-256 of the models that gave `recorded`."""

    models: dict[str, str]
    recorded: Numbers
    recorded_tolerance: Tolerance = Tolerance(points=0.005, degrees=0.5, iou=0.95)
    truth: Numbers
    truth_tolerance: Tolerance = Tolerance(points=0.12, degrees=10.0, iou=0.5)


async def run(
    analyze: Analyze,
    models: Mapping[str, str],
    folder: Path,
    *,
    detects: bool = True,
    usual_size: bool = True,
    exact: bool = True,
) -> None:
    """Pass silently, or raise SelfTestError.

    models: name -> SHA-256 of what is loaded. detects: whether a detector is among them.
    usual_size: whether its input has the size of its card, as it had when the numbers were
    recorded; with another one only the truth counts. exact: whether all models compute in fp32, as
    they did then.
    """
    expected = _read(folder / EXPECTED_FILE)
    if detects:
        _check_models(models, expected, folder)
    face = await measure(analyze, folder, None if detects else true_box(folder))
    faults = differences(face, expected.truth, expected.truth_tolerance, "truth")
    if detects and usual_size:
        tolerance = expected.recorded_tolerance if exact else IN_CHEAPER_ARITHMETIC
        faults = [*differences(face, expected.recorded, tolerance, "recorded"), *faults]
    if faults:
        raise SelfTestError(
            f"The numbers for {folder / IMAGE_FILE} are off: {'; '.join(faults)}. Check the "
            "versions of the installed libraries and the execution provider against those of the "
            "release."
        )


def _check_models(models: Mapping[str, str], expected: Expected, folder: Path) -> None:
    for name, recorded in expected.models.items():
        if models.get(name) != recorded:
            raise SelfTestError(
                f"{folder / EXPECTED_FILE} was recorded with another {name} (sha256 "
                f"{recorded[:12]}..., loaded {models.get(name, 'none')[:12]}). Restore the models "
                f"it belongs to, or, if the new model is meant, run {RECORD}."
            )


def true_box(folder: Path) -> Box:
    """The face of the golden image, image pixels. SelfTestError where expected.json tells none."""
    path = folder / EXPECTED_FILE
    box = _read(path).truth.box
    if box is None:
        raise SelfTestError(f"{path} holds no box of the face. Restore it, or run {RECORD}.")
    return Box(*box)


async def measure(analyze: Analyze, folder: Path, box: Box | None = None) -> Face:
    """The one face of the golden image as the pipeline sees it. box: where it is; None: detect."""
    try:
        data = (folder / IMAGE_FILE).read_bytes()
    except OSError as error:
        raise SelfTestError(
            f"{folder / IMAGE_FILE} cannot be read ({error.strerror}). Restore the folder {folder}."
        ) from error
    # Two of them: a single one might pass by the queues and threads of the models.
    image = ImageInput(data, boxes=None if box is None else (box,))
    results = await analyze([image] * 2, Options(), Trace("self-test"))
    faces = results[0].faces
    if len(faces) != 1:
        raise SelfTestError(
            f"{len(faces)} faces were found in {folder / IMAGE_FILE} instead of 1. The models and "
            "the image do not belong together, or the pipeline is broken."
        )
    return faces[0]


def record(face: Face, models: Mapping[str, str], truth: Numbers) -> Expected:
    """What to write into expected.json. SelfTestError when the face is far from the truth."""
    expected = Expected(models=dict(models), recorded=_numbers(face), truth=truth)
    if faults := differences(face, truth, expected.truth_tolerance, "truth"):
        raise SelfTestError(
            f"Not recorded, because the models are wrong here: {'; '.join(faults)}."
        )
    return expected


def differences(face: Face, wanted: Numbers, tolerance: Tolerance, name: str) -> list[str]:
    """A sentence per number that is off; nothing when all is well."""
    faults = []
    size = face.box.area**0.5
    points = np.array(wanted.points)
    if points.shape != face.points.shape:
        return [f"{name}: {len(face.points)} points instead of {len(points)}"]
    furthest = float(np.linalg.norm(face.points - points, axis=1).max()) / size
    # Written so that NaN counts as off.
    if not furthest <= tolerance.points:
        faults.append(
            f"{name}: a point is {furthest:.2%} of the face away, allowed {tolerance.points:.2%}"
        )
    if wanted.box is not None:
        overlap = face.box.iou(Box(*wanted.box))
        if not overlap >= tolerance.iou:
            faults.append(f"{name}: the box overlaps by {overlap:.2f}, needed {tolerance.iou:.2f}")
    if wanted.confidence is not None:
        change = abs((face.confidence or 0.0) - wanted.confidence)
        if not change <= tolerance.confidence:
            faults.append(
                f"{name}: the confidence differs by {change:.3f}, allowed {tolerance.confidence:g}"
            )
    if wanted.pose is not None:
        faults += _turned(face, wanted.pose, tolerance.degrees, name)
    return faults


def _turned(face: Face, wanted: Angles, allowed: float, name: str) -> list[str]:
    if face.pose is None:
        return [f"{name}: no pose was found"]
    rotation = from_euler(wanted.yaw, wanted.pitch, wanted.roll)
    turn = float(geodesic_degrees(face.pose.rotation, rotation))
    if turn <= allowed:
        return []
    return [f"{name}: the pose is {turn:.2f} degrees away, allowed {allowed:g}"]


def _numbers(face: Face) -> Numbers:
    box, pose = face.box, face.pose
    return Numbers(
        box=[round(value, 3) for value in (box.x, box.y, box.width, box.height)],
        confidence=face.confidence and round(face.confidence, 4),
        points=np.round(face.points, 3).tolist(),
        pose=None
        if pose is None
        else Angles(yaw=round(pose.yaw, 3), pitch=round(pose.pitch, 3), roll=round(pose.roll, 3)),
    )


def _read(path: Path) -> Expected:
    try:
        return Expected.model_validate_json(path.read_bytes())
    except OSError as error:
        raise SelfTestError(
            f"{path} cannot be read ({error.strerror}). Restore it, or write it by {RECORD}."
        ) from error
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = ".".join(map(str, fault["loc"]))
        raise SelfTestError(
            f"{path} is not valid ({where}: {fault['msg']}). Restore it, or write it by {RECORD}."
        ) from error


def read_truth(path: Path) -> Numbers:
    """The truth of the golden image, from the labels that the renderer wrote beside it.

    Of its first face: `points_68` (image pixels), `box`, `rotation` (3x3, canonical).
    """
    try:
        label = json.loads(path.read_text(encoding="utf-8"))["faces"][0]
        yaw, pitch, roll = (float(angle) for angle in to_euler(label["rotation"]))
        angles = Angles(yaw=round(yaw, 3), pitch=round(pitch, 3), roll=round(roll, 3))
        return Numbers(box=label["box"], points=label["points_68"], pose=angles)
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise SelfTestError(
            f"{path} holds no labels of the golden image ({error!r}). Restore the file, or render "
            "the image again."
        ) from error
