"""One image as it came in: what the intake makes of each form, and the analysis starts from."""

from dataclasses import dataclass

from app.face.geometry import Box


@dataclass(frozen=True, slots=True)
class ImageInput:
    """The file's bytes, its name, and the caller's boxes (image pixels; None: detect)."""

    data: bytes
    file_name: str | None = None
    boxes: tuple[Box, ...] | None = None
