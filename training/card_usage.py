"""How a model is used, by request and from Python: a section of the README of its folder.

Light imports, as in training.card_readme.
"""

from app.face.card import ModelCard

LARGEST_KEPT = 12e6
"""Bytes: a larger file is not committed; its card and README are, among the large ones."""

_DEFAULT = "face-68-research"  # what `make serve` loads

_LANDMARKS_CODE = """\
import cv2
import onnxruntime

from app.face.geometry import Box, face_crop

session = onnxruntime.InferenceSession("models/{name}/{file}")
image = cv2.imread("photo.jpg")[:, :, ::-1]  # RGB
crop = face_crop(image, Box(x=410, y=120, width=220, height=224), {size}, scale={scale})
outputs = session.run(None, {{"{input}": crop.pixels[None]}})
points_in_image = crop.points_to_image(outputs[0][0])
"""

_FACE_CODE = """\
import cv2
import onnxruntime

from app.face.geometry import Box, face_crop
from app.face.rotation import to_euler

session = onnxruntime.InferenceSession("models/{name}/{file}")
image = cv2.imread("photo.jpg")[:, :, ::-1]  # RGB
crop = face_crop(image, Box(x=410, y=120, width=220, height=224), {size}, scale={scale})
names = ["points", "rotation", "presence"]
points, rotation, presence = session.run(names, {{"{input}": crop.pixels[None]}})
points_in_image = crop.points_to_image(points[0])
yaw, pitch, roll = to_euler(rotation[0])  # degrees
"""

_POSE_CODE = """\
import cv2
import onnxruntime

from app.face.geometry import Box, face_crop
from app.face.rotation import to_euler

session = onnxruntime.InferenceSession("models/{name}/{file}")
image = cv2.imread("photo.jpg")[:, :, ::-1]  # RGB
crop = face_crop(image, Box(x=410, y=120, width=220, height=224), {size}, scale={scale})
(rotation,) = session.run(["rotation"], {{"{input}": crop.pixels[None]}})
yaw, pitch, roll = to_euler(rotation[0])  # degrees
"""

_DETECTION_CODE = """\
import cv2
import onnxruntime

from app.face.boxes import detector_frame, suppress

session = onnxruntime.InferenceSession("models/{name}/{file}")
image = cv2.imread("photo.jpg")[:, :, ::-1]  # RGB
frame = detector_frame(image, {long_side}, multiple_of={multiple_of})
names = ["boxes", "scores"]
boxes, scores = (rows[0] for rows in session.run(names, {{"{input}": frame.pixels[None]}}))
sure = scores >= {score}
boxes, scores = boxes[sure], scores[sure]
kept = suppress(boxes, scores, iou_threshold={nms_iou})
boxes_in_image = frame.boxes_to_image(boxes[kept])
"""

_CODE = {"face": _FACE_CODE, "landmarks": _LANDMARKS_CODE, "pose": _POSE_CODE}


def usage(card: ModelCard) -> str:
    """The section of the README: a request, and a few lines of Python."""
    if card.task == "detection":
        served = (
            "The service finds faces with it in every request that brings no boxes of its own:\n\n"
            "```sh\nmake serve\ncurl -F files=@photo.jpg localhost:8000/landmarks\n```"
        )
        code = _DETECTION_CODE.format(
            name=card.name,
            file=card.file.name,
            input=card.input.name,
            long_side=card.input.long_side,
            multiple_of=card.input.multiple_of,
            score=card.thresholds["score"],
            nms_iou=card.thresholds["nms_iou"],
        )
    else:
        served = _served(card)
        code = _CODE[card.task].format(
            name=_folder(card),
            file=card.file.name,
            input=card.input.name,
            size=card.input.width,
            scale=card.input.crop.scale if card.input.crop else 1.0,
        )
    return (
        f"## How to use it\n\n{served}\n\nFrom Python, without the service:\n\n```python\n{code}```"
    )


def _served(card: ModelCard) -> str:
    """The request for a face model by its name."""
    if card.name == _DEFAULT:
        start = "make serve"
    else:
        start = f"MIEN_LANDMARKS={_DEFAULT},{_folder(card)} make serve"
    path = "pose" if card.task == "pose" else "landmarks"
    ask = f"curl -F files=@photo.jpg 'localhost:8000/{path}?model={card.name}'"
    return f"{_made_first(card)}Through the service:\n\n```sh\n{start}\n{ask}\n```"


def _made_first(card: ModelCard) -> str:
    if card.file.bytes <= LARGEST_KEPT:
        return ""
    return (
        f"`{card.file.name}` is too large to be kept here; this makes it:\n\n"
        f"```sh\n{card.recipe.command}\n```\n\n"
    )


def _folder(card: ModelCard) -> str:
    """In models/."""
    return f"large/{card.name}" if card.file.bytes > LARGEST_KEPT else card.name
