"""How fine an image must be decoded for what is done with it, and what coarser decoding saves.

libjpeg-turbo decodes a JPEG at n/8 of its size by leaving the finer part of each block of 8 x 8
coefficients aside; block k still lies at pixel n k, exactly. CPU time as a share of that at full
size, 1/f noise of quality 90, 640 x 480 to 4000 x 3000 ("fitted": decoded, and resized to the 384
pixels of the detector):

                          6/8    5/8      1/2       3/8       1/4       1/8
    baseline              1.5    1.3   0.72-0.80    0.9    0.64-0.73  0.57-0.69
    baseline, fitted                   0.42-0.69           0.34-0.50    0.29
    progressive           1.15   1.1     0.93       0.96     0.91       0.89
    progressive, fitted                0.72-0.85           0.66-0.78    0.65

Only halves have fast code, so only they are used. Nothing saves the entropy decoding, so a second
decode costs nearly as much as the first one. Where small faces ask for it, the two decodes of a
baseline file cost 0.8 to 1.2 of one at full size, and all other files gain 0.3 to 0.7: so the first
is as coarse as the detector allows. Two of a progressive file cost up to 1.6, and the others gain
0.2: so its first one must have four times the detector's side, which is enough for faces of a
fifteenth of the picture's side.

The detector does not mind: of 37 rendered heads of 11, 16 and 24 of its pixels, on pictures of 1536
to 3000, it finds as many, and mean confidence and IoU differ by less than 0.025 and 0.006.
"""

import math
from dataclasses import dataclass

_STEPS = (8, 4, 2)
_MARGIN = 4  # times the detector's side, for progressive files


@dataclass(frozen=True, slots=True)
class Resolution:
    """What decoded pixels must have at least.

    long_side: decoded pixels along the image's longer side, where what is seen on them may ask for
    finer ones. step: image pixels per decoded pixel at most.
    """

    long_side: int = 0
    step: float = math.inf

    def coarsest_step(self, longer_side: int, *, progressive: bool) -> int:
        """1, 2, 4 or 8: image pixels per decoded pixel for an image of that longer side."""
        long_side = self.long_side * (_MARGIN if progressive else 1)
        for step in _STEPS:
            if step <= self.step and -(-longer_side // step) >= long_side:
                return step
        return 1


FULL = Resolution(step=1)
"""The pixels of the file."""
