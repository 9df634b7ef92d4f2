"""Samples of 16 bits -> 8.

Cameras of 10 and 12 bits are often saved in 16, with the upper bits empty: by the usual division
such a frame would be black. A photograph that uses its 16 bits and stays below a sixteenth of them
is black in any case, and merely gets brighter.
"""

import numpy as np
from numpy.typing import NDArray

_NARROWER = (10, 12)  # bits


def eight_bits(pixels: NDArray[np.uint16]) -> NDArray[np.uint8]:
    """The upper 8 of 16 bits; where no sample has more than 12 or 10 bits, the upper 8 of these."""
    largest = int(pixels.max())
    bits = next((bits for bits in _NARROWER if largest < 1 << bits), 16)
    return (pixels >> (bits - 8)).astype(np.uint8)
