"""multipart/form-data, parsed while it arrives, in memory only.

FastAPI's own form parsing writes files above 1 MB to disk and parses the whole body before the
handler runs. Here the low-level parser is fed piece by piece: too many files or an unknown field
end the request at once, and nothing touches the disk.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from app.errors import InvalidParameter, TooManyImages

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

FILE_FIELDS = ("files", "file")
BOXES_FIELD = "boxes"
_REMEDY = "With curl: -F files=@photo.jpg"
_LONGEST_NAME = 255
_MOST_BOX_BYTES = 256 * 1024  # some 40 bytes per box


@dataclass(frozen=True, slots=True)
class Upload:
    """One file of a form; name as the client sent it, None if it sent none."""

    data: bytes
    name: str | None


@dataclass(slots=True)
class Form:
    """The form's content: files in order, and the text of `boxes` if it was there."""

    uploads: list[Upload] = field(default_factory=list)
    boxes: bytes | None = None


async def read_form(pieces: AsyncIterator[bytes], content_type: str, max_files: int) -> Form:
    """Parse a form from the pieces of a body.

    Raises TooManyImages as soon as one file too many begins, InvalidParameter for a malformed form,
    an unknown field, a file field without a file, or no file at all.
    """
    reader = _FormReader(max_files)
    _, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    if not boundary:
        raise InvalidParameter(
            "The Content-Type multipart/form-data names no boundary. Let the HTTP client set this "
            f"header. {_REMEDY}"
        )
    try:
        parser = MultipartParser(boundary, reader.callbacks())
        async for piece in pieces:
            parser.write(piece)
    except FormParserError as error:
        raise InvalidParameter(f"The form is malformed: {error}. {_REMEDY}") from None
    if not reader.complete:
        raise InvalidParameter(f"The form is empty or ends before its closing boundary. {_REMEDY}")
    if not reader.form.uploads:
        raise InvalidParameter(f"The form holds no file. Send one in the field `files`. {_REMEDY}")
    return reader.form


class _FormReader:
    """The parser's callbacks; they assemble one part at a time."""

    def __init__(self, max_files: int) -> None:
        self.form = Form()
        self.complete = False
        self._max_files = max_files
        self._header = bytearray()
        self._value = bytearray()
        self._disposition = b""
        self._data = bytearray()
        self._name = ""
        self._file_name: str | None = None

    def callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._part_data,
            "on_part_end": self._part_end,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        self._disposition = b""
        self._data = bytearray()

    def _header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        file_name = options.get(b"filename")
        self._file_name = None if file_name is None else file_name.decode("utf-8", "replace")
        if self._name in FILE_FIELDS:
            self._check_file(file_name is None)
        elif self._name != BOXES_FIELD:
            known = ", ".join((*FILE_FIELDS, BOXES_FIELD))
            raise InvalidParameter(
                f"Unknown form field {self._name[:80]!r}. Known: {known}. Options are query "
                "parameters."
            )
        elif self.form.boxes is not None:
            raise InvalidParameter("The form field `boxes` comes twice. Send one JSON list in it.")

    def _check_file(self, nameless: bool) -> None:
        if nameless:
            raise InvalidParameter(
                f"The form field {self._name!r} holds text, not a file. {_REMEDY} (mind the @)"
            )
        if len(self.form.uploads) >= self._max_files:
            raise TooManyImages(
                f"The form holds more than {self._max_files} images. Split it into several "
                "requests."
            )

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        self._data.extend(memoryview(data)[start:end])
        # Parsed JSON takes up to 50 times its bytes.
        if self._name == BOXES_FIELD and len(self._data) > _MOST_BOX_BYTES:
            raise InvalidParameter(
                f"The form field `boxes` is longer than {_MOST_BOX_BYTES} bytes. Send fewer boxes."
            )

    def _part_end(self) -> None:
        if self._name == BOXES_FIELD:
            self.form.boxes = bytes(self._data)
        else:
            name = self._file_name[:_LONGEST_NAME] if self._file_name else None
            self.form.uploads.append(Upload(bytes(self._data), name))
        self._data = bytearray()

    def _end(self) -> None:
        self.complete = True
