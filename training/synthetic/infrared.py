"""What a near-infrared camera with its own lamp sees: flat grey skin, pale dyes, lit pupils."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from training.synthetic.appearance import Appearance, Colour
from training.synthetic.props import Prop

_LUMA = np.array([0.30, 0.45, 0.25], dtype=np.float32)


def infrared_look(look: Appearance, rng: np.random.Generator) -> Appearance:
    """The same person at about 900 nm; all colours grey.

    Melanin and blood hardly absorb there, so that tones, lips and freckles come close together;
    irises turn pale; the retina throws the lamp's light back through the pupil.
    """
    skin = 0.36 + 0.45 * float(look.skin @ _LUMA) ** 0.7
    # Hair keeps melanin in thick layers: it stays darker than skin, but is no longer black.
    hair = 0.10 + 0.5 * float(look.hair @ _LUMA) ** 0.7 + float(rng.uniform(0, 0.12))
    shirt = float(look.shirt @ _LUMA)
    if rng.random() < 0.75:
        shirt = shirt + (0.55 - shirt) * float(rng.uniform(0.2, 0.8))
    return replace(
        look,
        skin=_grey(skin),
        lips=_grey(skin * float(rng.uniform(0.82, 0.96))),
        hair=_grey(hair),
        brows=_grey(min(hair * 0.8, 0.55 * skin)),
        beard_colour=_grey(min(hair * 0.9, 0.6 * skin)),
        iris=_grey(0.16 + 0.5 * float(look.iris @ _LUMA) ** 0.5),
        shirt=_grey(shirt),
        eye_shadow=_grey(skin * 0.8),
        sclera=_grey(0.55 * float(look.sclera @ _LUMA) ** 0.5),
        teeth=_grey(float(look.teeth @ _LUMA)),
        redness=0.25 * look.redness,
        freckles=0.2 * look.freckles,
        pupil=float(rng.uniform(0.3, 1.2)) if rng.random() < 0.4 else 0.0,
    )


def infrared_props(worn: tuple[Prop, ...], rng: np.random.Generator) -> tuple[Prop, ...]:
    """The same things as a near-infrared camera sees them: dyes vanish, dark lenses let light
    through.
    """
    # Most dyes of textiles do not absorb beyond 800 nm; some (carbon black) do.
    fading = {name: float(rng.uniform(0.0, 0.8)) for name in sorted({one.name for one in worn})}
    lets_through = float(rng.uniform(0.15, 1.0))
    seen = []
    for one in worn:
        grey: NDArray[np.float32] = one.colour @ _LUMA
        if one.kind == "hand":
            grey = 0.36 + 0.45 * grey**0.7
        elif one.gloss < 0.5 and not one.emissive:
            grey = grey + (0.55 - grey) * fading[one.name]
        opacity = one.opacity * (lets_through if one.name == "sunglasses.lens" else 1.0)
        colour = np.repeat(grey[:, None], 3, axis=1).astype(np.float32)
        seen.append(replace(one, colour=colour, opacity=opacity))
    return tuple(seen)


def _grey(value: float) -> Colour:
    return np.full(3, min(max(value, 0.0), 1.0), dtype=np.float32)
