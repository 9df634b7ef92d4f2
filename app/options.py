"""The query parameters, and what they mean once checked."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.errors import InvalidParameter
from app.face.pnp import Camera
from app.face.rotation import CONVENTIONS
from app.measuring.pose import Method

BLOCKS = ("landmarks", "pose", "eyes", "quality")
_CAMERA = ("fx", "fy", "cx", "cy")


class Query(BaseModel):
    """Query parameters of /landmarks, /pose and /analyze."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    model: str | None = Field(
        None,
        max_length=200,
        description="Landmark model, by its name in /models; default: the first.",
    )
    max_faces: int | None = Field(
        None, ge=1, description="Answer at most so many detected faces per image, largest first."
    )
    min_confidence: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Least score of a detected face, 0..1; default: the threshold on the "
        "detector's card.",
    )
    select: Literal["all", "largest"] = Field(
        "all", description="`largest`: only the detected face with the largest box."
    )
    require_face: bool = Field(
        False,
        description="Answer 422 no-face for an image without a face instead of an empty list.",
    )
    include: str | None = Field(
        None,
        max_length=200,
        description=f"Blocks to add, with commas between them: {', '.join(BLOCKS)}.",
    )
    convention: str = Field(
        "canonical",
        max_length=200,
        description=f"Convention of the angles: {', '.join(CONVENTIONS)}.",
    )
    method: Method | None = Field(
        None,
        description="How the pose is found. direct: as the model tells it (face and pose models); "
        "pnp: landmarks against the canonical head. Default: direct where the model has it.",
    )
    fx: float | None = Field(
        None,
        ge=1,
        le=1e6,
        description="Focal length along x in pixels of the upright image, not normalised and not "
        "millimetres. All four are refused where no camera can have taken the image with them.",
    )
    fy: float | None = Field(None, ge=1, le=1e6, description="Focal length along y, as fx.")
    cx: float | None = Field(
        None,
        ge=-1e6,
        le=1e6,
        description="Principal point x in pixels of the upright image; of a crop beside it.",
    )
    cy: float | None = Field(None, ge=-1e6, le=1e6, description="Principal point y, as cx.")
    hfov_deg: float | None = Field(
        None,
        ge=1,
        le=170,
        description="Horizontal field of view in degrees, instead of fx, fy, cx, cy. Without "
        "either a camera is assumed whose focal length is the image's longer side.",
    )
    box: list[str] = Field(
        [],
        description="Only with a raw image body, repeated: x,y,width,height of a face in pixels of "
        "the upright image. No detection then.",
    )


@dataclass(frozen=True, slots=True)
class Options:
    """What the caller wants, checked. blocks: which parts of a face the answer holds. method: None
    for the best that the model has.
    """

    blocks: frozenset[str] = frozenset(BLOCKS)
    model: str | None = None
    max_faces: int | None = None
    min_confidence: float | None = None
    require_face: bool = False
    convention: str = "canonical"
    method: Method | None = None
    camera: Camera | None = None
    hfov_deg: float | None = None

    @property
    def knows_camera(self) -> bool:
        """Whether the caller told it."""
        return self.camera is not None or self.hfov_deg is not None

    def camera_for(self, width: int, height: int) -> Camera:
        """The camera of an image of that size: given, from the field of view, or assumed."""
        if self.camera is not None:
            return self.camera
        if self.hfov_deg is not None:
            return Camera.from_hfov(width, height, self.hfov_deg)
        return Camera.assumed(width, height)


def refuse_repeats(names: Iterable[str]) -> None:
    """InvalidParameter for a parameter that comes twice: which one is meant is anybody's guess."""
    counts = Counter(names)
    if repeated := [name for name, count in counts.items() if count > 1 and name != "box"]:
        raise InvalidParameter(f"{', '.join(repeated)}: given more than once. Send it once.")


def options_of(query: Query, own: Sequence[str], most_faces: int) -> Options:
    """Check what the types cannot. own: the blocks the endpoint answers anyway. most_faces: the
    service's limit.
    """
    blocks = {name.strip() for name in query.include.split(",")} if query.include else set()
    if unknown := sorted(blocks - set(BLOCKS)):
        raise InvalidParameter(
            f"include: unknown {', '.join(map(repr, unknown))}. Known: {', '.join(BLOCKS)}."
        )
    if query.convention not in CONVENTIONS:
        raise InvalidParameter(
            f"convention: unknown {query.convention!r}. Known: {', '.join(CONVENTIONS)}."
        )
    if query.max_faces is not None and query.max_faces > most_faces:
        raise InvalidParameter(
            f"max_faces: {query.max_faces} is more than {most_faces}, the most that this service "
            "answers per image. Send a smaller one, or leave it out to get them all."
        )
    largest = query.select == "largest"
    return Options(
        blocks=frozenset(blocks | set(own)),
        model=query.model,
        max_faces=1 if largest else query.max_faces,
        min_confidence=query.min_confidence,
        require_face=query.require_face,
        convention=query.convention,
        method=query.method,
        camera=_camera(query),
        hfov_deg=query.hfov_deg,
    )


def _camera(query: Query) -> Camera | None:
    given = {name: getattr(query, name) for name in _CAMERA if getattr(query, name) is not None}
    if not given:
        return None
    if query.hfov_deg is not None:
        raise InvalidParameter("Send either fx, fy, cx, cy or hfov_deg, not both.")
    if missing := [name for name in _CAMERA if name not in given]:
        raise InvalidParameter(
            f"A camera needs all of fx, fy, cx, cy; missing: {', '.join(missing)}. "
            "Add them, or send hfov_deg instead."
        )
    return Camera(**given)
