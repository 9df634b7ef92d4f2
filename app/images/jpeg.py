"""JPEG -> RGB pixels by libjpeg-turbo: silent about damage, and coarser where that suffices."""

import re
from typing import Final

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from app.images.headers import ImageHeader, JpegFrame
from app.images.resolution import Resolution

_SEQUENTIAL: Final = frozenset((0xC0, 0xC1))
# Progressive ones and those with arithmetic coding. Never lossless ones (C3): simplejpeg 1.9 writes
# all their pixels into the memory of a scaled picture, beyond its end.
_DECODED: Final = _SEQUENTIAL | {0xC2, 0xC9, 0xCA}
# Of the first component, beside others that have 1 x 1 (a fourth one is sampled as the first is):
# the ones that TurboJPEG has names for. It refuses all others.
_SAMPLINGS: Final = frozenset((0x11, 0x21, 0x12, 0x22, 0x41, 0x14))
# What libjpeg warns of though the whole picture is there: bytes too many between its parts,
# unknown versions of markers. All other warnings tell of pixels that are missing or wrong.
_HARMLESS: Final = re.compile(
    "extraneous bytes before marker|Invalid SOS parameters|unknown JFIF revision"
    "|Unknown Adobe color transform"
)
_LEAST_SIDE: Final = 8  # pixels from which on all scales differ in their size


def decodes(frame: JpegFrame) -> bool:
    """Whether `decode` knows this kind of JPEG."""
    samplings = frame.samplings
    if frame.process not in _DECODED or len(samplings) not in (1, 3, 4):
        return False
    if len(samplings) == 1:  # the sampling of a single component has no meaning
        return True
    first = samplings[0]
    return first in _SAMPLINGS and samplings[1:] in (b"\x11\x11", bytes((0x11, 0x11, first)))


def coarsest_step(header: ImageHeader, frame: JpegFrame, resolution: Resolution) -> int:
    """1, 2, 4 or 8: how many pixels of the file, along each axis, may become one."""
    side = max(header.width, header.height)
    if side < _LEAST_SIDE:
        return 1
    return resolution.coarsest_step(side, progressive=frame.process not in _SEQUENTIAL)


def decode(header: ImageHeader, step: int) -> NDArray[np.uint8] | None:
    """(H, W, 3) uint8 RGB as stored, sides divided by `step` and rounded up. None for a good file
    that simplejpeg does not take: one whose head holds something odd.

    Raises:
        ValueError: damaged, or of a kind that `decodes` denies.
    """
    for strict in (True, False):
        try:
            return _decode(header, step, strict=strict)
        except ValueError as error:
            if not _HARMLESS.search(str(error)):
                raise
    return None


def _decode(header: ImageHeader, step: int, *, strict: bool) -> NDArray[np.uint8]:
    # It takes the coarsest scale that has these sides at least.
    return np.asarray(
        simplejpeg.decode_jpeg(
            header.stream,
            "RGB",
            min_height=-(-header.height // step),
            min_width=-(-header.width // step),
            strict=strict,
        ),
        np.uint8,
    )
