"""Where a limit of `usable` should stand, by answers that are known to be right or wrong."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.measuring import face_limits, landmark_limits, usability
from app.measuring.alignment import HeadInCrop
from app.measuring.face_limits import hidden_share, in_view
from app.measuring.landmark_limits import nose_between_eyes
from app.measuring.usability import seen_as
from app.results import Face

LOST = 4.0
"""How much the share of right answers that a limit refuses counts against that of wrong ones that
it keeps; a limit is proposed where both together are least."""

_FACES_OR_NOT = ("photographs", "no face", "noise")
_BOXES = ("photographs", "box")
_POINTS, _POSE = "landmarks", "pose"


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """One answer; it may be neither right nor wrong. by: what of it was looked at, "landmarks" or
    "pose".
    """

    kind: str
    face: Face
    head: HeadInCrop | None
    right: bool
    wrong: bool
    by: Sequence[str]

    @property
    def std(self) -> NDArray[np.float64]:
        """Of the points, share of the face's size."""
        return self.face.std / seen_as(self.face.points, self.face.box).size


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit: where it stands (`now`), and the value of an answer that it is held against.

    most: whether it is a largest value. kinds: how the kinds of the answers begin that tell it;
    none: all of them.
    """

    name: str
    now: float
    value: Callable[[Answered], float]
    most: bool
    by: str = _POINTS
    kinds: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """at: the limit; None where it is best to have none. kept: share of the right answers, refused:
    of the wrong ones, first by the limit as it stands, then as proposed.
    """

    limit: Limit
    at: float | None
    right: int
    wrong: int
    kept: tuple[float, float]
    refused: tuple[float, float]


def limits_of(face_model: bool) -> list[Limit]:
    """Of a face model, or of one that knows landmarks alone."""
    common = [
        Limit("usability.SMALLEST_FACE", usability.SMALLEST_FACE, _pixels, False, kinds=["small"]),
        Limit("usability.DARKEST", usability.DARKEST, _brightness, False, kinds=["dark"]),
        Limit(
            "usability.LEAST_SHARPNESS",
            usability.LEAST_SHARPNESS,
            _sharpness,
            False,
            kinds=["blurred"],
        ),
        Limit("usability.LEAST_OVERLAP", usability.LEAST_OVERLAP, _overlap, False, kinds=_BOXES),
    ]
    return common + (_of_face_model() if face_model else _of_landmark_model())


def _of_face_model() -> list[Limit]:
    it = face_limits
    return [
        Limit(
            "face_limits.LEAST_PRESENCE",
            it.LEAST_PRESENCE,
            lambda a: _head(a).presence,
            False,
            kinds=_FACES_OR_NOT,
        ),
        Limit("face_limits.LARGEST_STD", it.LARGEST_STD, _middle_std, True),
        Limit("face_limits.COVERED", it.COVERED, _hidden, True, kinds=["photographs", "covered"]),
        Limit("face_limits.LARGEST_STD_OF_POSE", it.LARGEST_STD_OF_POSE, _std_of_pose, True, _POSE),
        Limit("face_limits.LARGEST_YAW", it.LARGEST_YAW, _yaw, True, _POSE),
        Limit("face_limits.LARGEST_PITCH", it.LARGEST_PITCH, _pitch, True, _POSE),
    ]


def _of_landmark_model() -> list[Limit]:
    it = landmark_limits
    return [
        Limit("landmark_limits.LARGEST_STD", it.LARGEST_STD, _unsure, True),
        Limit("landmark_limits.LARGEST_STD_OF_POSE", it.LARGEST_STD_OF_POSE, _unsure, True, _POSE),
        Limit(
            "landmark_limits.NEAREST_NOSE",
            it.NEAREST_NOSE,
            lambda a: nose_between_eyes(a.face.points),
            False,
            _POSE,
        ),
        Limit("landmark_limits.LARGEST_YAW", it.LARGEST_YAW, _yaw, True, _POSE),
        Limit("landmark_limits.LARGEST_PITCH", it.LARGEST_PITCH, _pitch, True, _POSE),
        Limit("landmark_limits.LARGEST_MISFIT", it.LARGEST_MISFIT, _misfit, True, _POSE),
    ]


def proposals(answers: Sequence[Answered], face_model: bool) -> Iterator[Proposal]:
    """One for each limit that these answers tell something about."""
    for limit in limits_of(face_model):
        told = [
            one
            for one in answers
            if limit.by in one.by
            and (one.right or one.wrong)
            and (not limit.kinds or one.kind.startswith(tuple(limit.kinds)))
        ]
        right = np.array([one.right for one in told], bool)
        if right.any() and not right.all():
            yield propose(limit, np.array([limit.value(one) for one in told]), right)


def propose(limit: Limit, values: NDArray[np.float64], right: NDArray[np.bool_]) -> Proposal:
    """values: (N,), of which NaN is the worst. right: (N,), some of both."""
    doubt = np.nan_to_num(values if limit.most else -values, nan=np.inf)
    bounds = np.unique(doubt)
    kept = np.searchsorted(np.sort(doubt[right]), bounds, "right") / right.sum()
    leaked = np.searchsorted(np.sort(doubt[~right]), bounds, "right") / (~right).sum()
    best = int(np.argmin(LOST * (1 - kept) + leaked))
    needed = best < len(bounds) - 1
    bound = float(bounds[best] if limit.most else -bounds[best])
    inside = doubt <= (limit.now if limit.most else -limit.now)
    return Proposal(
        limit,
        bound if needed else None,
        int(right.sum()),
        int((~right).sum()),
        (float(inside[right].mean()), float(kept[best])),
        (float((~inside)[~right].mean()), 1 - float(leaked[best])),
    )


def table(found: Sequence[Proposal]) -> Iterator[str]:
    """Markdown; the shares at the limit as it stands, and as proposed."""
    yield "| limit | now | proposed | right | kept | wrong | refused |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for one in found:
        at = "none" if one.at is None else f"{one.at:.3g}"
        kept, refused = (f"{first:.1%} -> {then:.1%}" for first, then in (one.kept, one.refused))
        cells = [one.limit.name, f"{one.limit.now:g}", at, str(one.right), kept, str(one.wrong)]
        yield f"| {' | '.join([*cells, refused])} |"


def _head(one: Answered) -> HeadInCrop:
    if one.head is None:
        raise ValueError("a limit of face models was held against an answer without a head")
    return one.head


def _pixels(one: Answered) -> float:
    return float(one.face.quality.face_pixels)


def _brightness(one: Answered) -> float:
    return one.face.quality.brightness


def _sharpness(one: Answered) -> float:
    return one.face.quality.sharpness


def _overlap(one: Answered) -> float:
    return seen_as(one.face.points, one.face.box).overlap


def _middle_std(one: Answered) -> float:
    """A point is hidden beyond the limit: that of the middle one tells whether half of them are."""
    return float(np.median(one.std[in_view(_head(one))]))


def _hidden(one: Answered) -> float:
    return hidden_share(one.std, _head(one))


def _std_of_pose(one: Answered) -> float:
    return float(np.linalg.norm(_head(one).rotation_std))


def _unsure(one: Answered) -> float:
    return float(np.quantile(one.std, landmark_limits.UNSURE))


def _yaw(one: Answered) -> float:
    return abs(one.face.pose.yaw) if one.face.pose else np.nan


def _pitch(one: Answered) -> float:
    return abs(one.face.pose.pitch) if one.face.pose else np.nan


def _misfit(one: Answered) -> float:
    pose, size = one.face.pose, seen_as(one.face.points, one.face.box).size
    return np.nan if pose is None else (pose.reprojection_error or 0.0) / size
