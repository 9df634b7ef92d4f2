"""The steps of one image that need no queue, each in the calling thread."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.detection.candidates import Candidate, largest, most_step
from app.detection.detector import DetectedFace, Detector, DetectorInput
from app.errors import (
    ImageTooManyPixels,
    ImageUndecodable,
    InvalidParameter,
    NoFace,
    UnsupportedMediaType,
)
from app.face.geometry import Crop
from app.faces import measure
from app.images.decoding import DecodedImage, ImageLimits, decode
from app.images.headers import ImageHeader
from app.images.resolution import Resolution
from app.intake.given_boxes import check_boxes
from app.intake.given_camera import check_camera
from app.intake.image_input import ImageInput
from app.measuring.alignment import Aligner, Alignment
from app.options import Options
from app.results import Face, ImageFacts

# What is wrong with one image; the other images of its request are served all the same.
OF_ONE_IMAGE = (
    UnsupportedMediaType,
    ImageUndecodable,
    ImageTooManyPixels,
    InvalidParameter,
    NoFace,
)

# So few faces are cut out and measured where the work is just done, in the event loop too: 0.2 ms
# for each of them, and half as much is what a hop into another thread costs. Cutting looks at so
# many decoded pixels then at most.
FEW_FACES, _FEW_PIXELS = 2, 1 << 18

_NO_DETECTOR = (
    "This service has no detector and finds no faces by itself. Send their boxes: `boxes` in the "
    "form or the JSON, ?box=x,y,width,height with the image itself as the body; or have "
    "MIEN_DETECTOR name a detector."
)


@dataclass(frozen=True, slots=True, eq=False)
class ImageSteps:
    """The steps as one request wants them. max_faces: of an image, whatever is asked for. detector:
    None where the callers bring the boxes.
    """

    detector: Detector | None
    aligner: Aligner
    options: Options
    limits: ImageLimits
    max_faces: int

    @property
    def crop(self) -> tuple[int, float]:
        """Side of the model's crops in pixels, and over the side of the face box."""
        return self.aligner.crop_size, self.aligner.crop_scale

    def open(
        self, image: ImageInput, header: ImageHeader | None = None
    ) -> tuple[DecodedImage, DetectorInput | None]:
        """The pixels, and what the detector gets of them unless the caller gave boxes. header: of
        the image, where it was read before. InvalidParameter without boxes and detector.
        """
        if image.boxes is not None:
            given = [Candidate.given(box) for box in image.boxes]
            return self.decode(image, Resolution(step=most_step(given, *self.crop)), header), None
        if self.detector is None:
            raise InvalidParameter(_NO_DETECTOR)
        decoded = self.decode(image, Resolution(long_side=self.detector.long_side), header)
        least = self.options.min_confidence
        return decoded, self.detector.prepare(decoded.pixels, least, decoded.grid)

    def choose(
        self, index: int, image: ImageInput, facts: ImageFacts, detected: Sequence[DetectedFace]
    ) -> list[Candidate]:
        """The caller's boxes as they are, or the detected faces, largest first, as many as asked.

        Raises InvalidParameter for boxes beside the image and for a camera that cannot have taken
        it, NoFace where one is required.
        """
        if self.options.camera is not None:
            check_camera(self.options.camera, index, facts.width, facts.height)
        if image.boxes is None:
            most = min(self.options.max_faces or self.max_faces, self.max_faces)
            found = largest(detected, most)
        else:
            check_boxes(image.boxes, index, facts.width, facts.height)
            found = [Candidate.given(box) for box in image.boxes]
        if self.options.require_face and not found:
            raise NoFace(
                f"There is no face in image {index}. Send another image, lower min_confidence, "
                "send the box of the face, or leave out require_face to get an empty list."
            )
        return found

    def finer(self, decoded: DecodedImage, found: Sequence[Candidate]) -> Resolution | None:
        """How the image must be decoded once more, where a face is so small that its crop would be
        enlarged.
        """
        step = most_step(found, *self.crop)
        return Resolution(step=step) if decoded.grid.step > step else None

    def decode(
        self, image: ImageInput, resolution: Resolution, header: ImageHeader | None = None
    ) -> DecodedImage:
        return decode(image.data, self.limits, resolution, header)

    def measure(
        self,
        found: Sequence[Candidate],
        crops: Sequence[Crop],
        aligned: Sequence[Alignment],
        facts: ImageFacts,
    ) -> tuple[Face, ...]:
        return measure(found, crops, aligned, self.aligner, self.options, facts)


def is_brief(found: Sequence[Candidate], decoded: DecodedImage) -> bool:
    """Whether cutting these faces out looks at few pixels."""
    return sum(one.upright.area for one in found) / decoded.grid.step**2 <= _FEW_PIXELS


def facts_of(decoded: DecodedImage) -> ImageFacts:
    return ImageFacts(decoded.width, decoded.height, decoded.orientation_applied)
