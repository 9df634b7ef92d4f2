"""What a sample shows besides its labels, as short texts by which results are sliced."""

from collections.abc import Mapping

import numpy as np

from training.synthetic.lights import KnownLight
from training.synthetic.outfit import Outfit
from training.synthetic.sensor import Sensor

Tags = Mapping[str, str]


def tags_of(
    outfit: Outfit,
    occluders: tuple[str, ...],
    light: KnownLight,
    background: str,
    sensor: Sensor,
) -> Tags:
    """The same names for every sample.

    glasses: none, clear or sun; headwear, mask: a kind or none. occluders: kinds of what hides or
    may hide parts of the face joined by "+", or none. tone: Monk scale 1..10; ita: degrees of the
    individual typology angle. blur: sigma of defocus in pixels, motion: pixels, noise: share of
    full scale at mid-grey; jpeg: quality or none.
    """
    look = outfit.look
    return {
        "glasses": outfit.glasses,
        "headwear": outfit.headwear,
        "mask": outfit.mask,
        "occluders": "+".join(occluders) or "none",
        "hair": look.style,
        "beard": look.beard_style,
        "tone": str(look.monk),
        "ita": f"{look.ita:.1f}",
        "light": light.kind,
        "infrared": "yes" if light.infrared else "no",
        "background": background,
        "blur": f"{sensor.defocus:.2f}",
        "motion": f"{float(np.hypot(*sensor.motion)):.2f}",
        "noise": f"{sensor.noise:.4f}",
        "jpeg": "none" if sensor.jpeg is None else str(sensor.jpeg),
        "grey": "yes" if sensor.grey else "no",
    }
