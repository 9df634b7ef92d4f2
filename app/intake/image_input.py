"""One image as it came in: what the intake makes of each form, and the analysis starts from."""

from dataclasses import dataclass

from app.errors import MienError
from app.face.geometry import Box


@dataclass(frozen=True, slots=True)
class ImageInput:
    """The file's bytes, its name, and the caller's boxes (image pixels; None: detect). fault: why
    there are no bytes, which concerns this image alone.
    """

    data: bytes
    file_name: str | None = None
    boxes: tuple[Box, ...] | None = None
    fault: MienError | None = None
