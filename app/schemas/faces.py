"""One face of an answer: box, landmarks, pose, eyes, quality and verdicts."""

from typing import Any

from pydantic import Field

from app.schemas.base import Point, Schema


class FaceBox(Schema):
    """Face rectangle in pixels of the upright image; may reach beyond its edges."""

    x: float = Field(description="Left edge, pixels; the image's own left edge is -0.5.")
    y: float = Field(description="Top edge, pixels; the image's own top edge is -0.5.")
    width: float = Field(gt=0, description="Width, pixels.")
    height: float = Field(gt=0, description="Height, pixels.")


class NamedPoints(Schema):
    """Five places that every scheme can name; sides are the subject's."""

    left_eye: Point = Field(description="Centre of the subject's left eye, [x, y] pixels.")
    right_eye: Point = Field(description="Centre of the subject's right eye, [x, y] pixels.")
    nose_tip: Point = Field(description="Tip of the nose, [x, y] pixels.")
    mouth_left: Point = Field(description="Subject's left corner of the mouth, [x, y] pixels.")
    mouth_right: Point = Field(description="Subject's right corner of the mouth, [x, y] pixels.")


class Landmarks(Schema):
    scheme: str = Field(description="Name of the numbering, for example ibug-68.")
    points: list[Point] = Field(
        description="[x, y] per landmark in the scheme's order, pixels of the upright image."
    )
    std: list[float] | None = Field(
        description="Predicted standard deviation per landmark along one axis, pixels; null from "
        "models that state none."
    )
    visible: list[float] | None = Field(
        description="0..1 per landmark: that it shows, hidden neither by the head itself nor by a "
        "hand, a mask or hair. A hidden landmark is placed where the model takes it to be. Null "
        "from models that know landmarks alone."
    )
    named: NamedPoints


class AngleStd(Schema):
    """Standard deviation of each angle, degrees; null where the convention has no such angle."""

    yaw: float | None = Field(description="Of yaw, degrees.")
    pitch: float | None = Field(description="Of pitch, degrees.")
    roll: float | None = Field(description="Of roll, degrees.")


class Pose(Schema):
    """Head pose. Camera frame as in OpenCV: x right, y down, z away from the camera."""

    yaw: float | None = Field(
        description="Degrees. Canonical: > 0 when the face turns to the image's right. In another "
        "`convention`: that convention's yaw, null where it has none."
    )
    pitch: float | None = Field(
        description="Degrees. Canonical: > 0 when the face looks up. See yaw for other conventions."
    )
    roll: float | None = Field(
        description="Degrees. Canonical: > 0 when the head tilts clockwise in the image. See yaw "
        "for other conventions."
    )
    std: AngleStd | None = Field(
        description="direct: as the model tells it, calibrated on validation faces. pnp: estimated "
        "from the landmarks' standard deviations and from how well they fit the rigid head, and 2 "
        "degrees for the mean head standing for everybody; not calibrated. At most 103.92, which "
        "is an angle of which nothing is known."
    )
    quaternion: list[float] = Field(
        min_length=4,
        max_length=4,
        description="[w, x, y, z], w >= 0, head to camera; canonical whatever the convention.",
    )
    matrix: list[list[float]] = Field(
        min_length=3,
        max_length=3,
        description="3x3 rotation, rows first, head to camera; canonical whatever the convention. "
        "Identity is an upright face that looks straight into the camera.",
    )
    convention: str = Field(description="Convention of yaw, pitch, roll, `std` and `values`.")
    values: dict[str, Any] | None = Field(
        None, description="Every value of a convention other than canonical, under its own names."
    )
    relative_to: str = Field(description="`camera`: angles against the camera's axes.")
    method: str = Field(
        description="`direct`: the rotation that the model tells; `pnp`: from landmarks and the "
        "canonical head."
    )


class Eye(Schema):
    openness: float = Field(
        ge=0,
        description="Opening between the lids over the eye's width, no unit. A face model "
        "tells it as it is in space: 0 shut, 0.27 at rest, 0.45 wide open. Otherwise it is the eye "
        "aspect ratio of the landmarks in the image: about 0.3 open, below about 0.15 shut.",
    )
    measurable: bool = Field(
        description="False when the number should not be used: the head is turned too far (of a "
        "face model: so far that it hides this eye), the eye is only a few pixels wide, or its "
        "landmarks are too uncertain, likely hidden (of eyes behind dark glasses a tenth is not "
        "told), or of a model that states no deviations."
    )


class Eyes(Schema):
    left: Eye = Field(description="The subject's left eye.")
    right: Eye = Field(description="The subject's right eye.")


class Quality(Schema):
    brightness: float = Field(
        ge=0, le=1, description="Mean luma (Rec. 601) inside the face box: 0 black, 1 white."
    )
    sharpness: float = Field(
        ge=0,
        le=1,
        description="v / (v + 0.01) with v = variance of the Laplacian of the smoothed luma over "
        "variance of the luma, in the face box at the model's crop size. About 0.7 for a good "
        "photograph, below 0.1 when blurred or enlarged from few pixels.",
    )
    face_pixels: int = Field(ge=0, description="Root of the box's area, image pixels.")
    truncated: bool = Field(
        description="More than a twentieth of the box's area is outside the image."
    )


class Usable(Schema):
    """Verdicts over the numbers: may a program act on them?"""

    landmarks: bool = Field(description="Whether landmarks are trustworthy.")
    pose: bool = Field(description="Whether the head pose is trustworthy.")
    reasons: list[str] = Field(
        description="Why not, an open list: small, truncated, low_confidence, dark, bright, "
        "blurred, box_mismatch; against the landmarks and poses made of them: uncertain, occluded; "
        "against the pose alone: no_pose, uncertain_pose, turned_away, out_of_range, misfit; "
        "unrated where the model states no deviations."
    )


class Face(Schema):
    box: FaceBox
    confidence: float | None = Field(
        ge=0, le=1, description="Detector's score 0..1; null for a box that came from the caller."
    )
    landmarks: Landmarks | None = Field(
        None,
        description="On /landmarks, /analyze or by include; null from models that know a rotation "
        "alone.",
    )
    pose: Pose | None = Field(
        None,
        description="On /pose, /analyze or by include; null when no rotation fits the landmarks.",
    )
    eyes: Eyes | None = Field(None, description="On /analyze or by include.")
    quality: Quality | None = Field(None, description="On /analyze or by include.")
    usable: Usable
