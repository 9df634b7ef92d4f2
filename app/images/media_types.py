"""Which image format a body holds, by its first bytes (the declared type may lie)."""

from typing import Literal

from app.errors import ImageUndecodable, UnsupportedMediaType

ImageFormat = Literal["JPEG", "PNG", "WebP", "BMP"]

_ACCEPTED = "Send a JPEG, PNG, WebP or BMP image."
_REMEDY = "Convert it to JPEG, PNG, WebP or BMP first."

# First bytes of what people send by mistake -> its name and what to do.
_FOREIGN: tuple[tuple[bytes, str, str], ...] = (
    (b"GIF87a", "a GIF image", "Save the frame you mean as PNG or JPEG."),
    (b"GIF89a", "a GIF image", "Save the frame you mean as PNG or JPEG."),
    (b"II*\0", "a TIFF image", _REMEDY),
    (b"MM\0*", "a TIFF image", _REMEDY),
    (b"II+\0", "a BigTIFF image", _REMEDY),
    (b"%PDF-", "a PDF document", "Export the page as PNG or JPEG."),
    (b"\xff\x0a", "a JPEG XL image", _REMEDY),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL image", _REMEDY),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000 image", _REMEDY),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 image", _REMEDY),
    (b"8BPS", "a Photoshop document", "Export it as PNG or JPEG."),
    (b"\0\0\1\0", "an icon file", _REMEDY),
    (b"PK\3\4", "a ZIP archive", "Send the images themselves, one per file."),
    (b"\x1f\x8b", "gzip-compressed data", "Send the image itself; it is compressed already."),
    (b"\x1aE\xdf\xa3", "a Matroska or WebM video", "Send single frames as JPEG."),
    (b"data:", "a data: URL", "Send only its base64 part, inside the JSON body."),
)
_HEIF_BRANDS = frozenset(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"mif2")
)


def image_format(data: bytes) -> ImageFormat:
    """The format of `data`.

    Raises:
        ImageUndecodable: there is nothing in it.
        UnsupportedMediaType: it is something else; the message names it where it is known.
    """
    if not data:
        raise ImageUndecodable(f"The image is empty (0 bytes). {_ACCEPTED}")
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WebP"
    if data.startswith(b"BM"):
        return "BMP"
    name, remedy = _foreign(data)
    raise UnsupportedMediaType(f"The image is {name}, which is not supported. {remedy}")


def _foreign(data: bytes) -> tuple[str, str]:
    for start, name, remedy in _FOREIGN:
        if data.startswith(start):
            return name, remedy
    if data[4:8] == b"ftyp":
        return _media_container(data[8:12])
    head = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in head:
        return "an SVG drawing", "Render it to PNG."
    if head.startswith((b"<!doctype html", b"<html")):
        return "an HTML page", "Send the image itself and not the page that shows it."
    if _is_text(data[:512]):
        return "text", f"{_ACCEPTED} Base64 belongs into the JSON form of the request."
    return "of an unknown format", _ACCEPTED


def _media_container(brand: bytes) -> tuple[str, str]:
    if brand in (b"avif", b"avis"):
        return "an AVIF image", _REMEDY
    if brand in _HEIF_BRANDS:
        return "a HEIC/HEIF image", f"{_REMEDY} (Phones can be set to take JPEG photos.)"
    return "a video (MP4 or QuickTime)", "Send single frames as JPEG."


def _is_text(head: bytes) -> bool:
    """Whether it decodes as UTF-8 (a last character may be cut) without control characters."""
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:
            return False
        text = head[: error.start].decode("utf-8")
    return all(character.isprintable() or character in "\t\r\n" for character in text)
