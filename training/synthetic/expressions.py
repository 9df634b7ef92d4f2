"""Facial expressions that people make: talking, smiling, blinking, and mixtures of them."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from training.synthetic.head import gaze_expression

Activations = dict[str, float]

# Moods as activations of paired (both sides) and single shapes at full strength.
_MOODS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "smile": {"mouthSmile": 0.8, "cheekSquint": 0.5, "eyeSquint": 0.3, "mouthDimple": 0.2},
        "grin": {
            **{"mouthSmile": 0.9, "cheekSquint": 0.6, "eyeSquint": 0.4, "mouthUpperUp": 0.35},
            **{"mouthLowerDown": 0.3, "jawOpen": 0.18},
        },
        "surprise": {"browInnerUp": 0.8, "browOuterUp": 0.8, "eyeWide": 0.7, "jawOpen": 0.45},
        "anger": {
            **{"browDown": 0.9, "eyeSquint": 0.4, "noseSneer": 0.4, "mouthPress": 0.4},
            **{"mouthFrown": 0.3},
        },
        "sadness": {"browInnerUp": 0.8, "mouthFrown": 0.7, "mouthShrugLower": 0.4},
        "disgust": {"noseSneer": 0.9, "mouthUpperUp": 0.6, "browDown": 0.5, "cheekSquint": 0.4},
        "shout": {"jawOpen": 0.9, "mouthLowerDown": 0.4, "mouthStretch": 0.3, "eyeSquint": 0.3},
        "yawn": {"jawOpen": 1.0, "eyeBlink": 0.7, "browInnerUp": 0.4, "mouthFunnel": 0.2},
        "kiss": {"mouthPucker": 0.9, "mouthFunnel": 0.2},
        "doubt": {"mouthPress": 0.5, "mouthShrugLower": 0.5, "browOuterUp": 0.3},
        "puff": {"cheekPuff": 0.8, "mouthPress": 0.3},
    }
)
_PAIRED = frozenset(
    [
        "browDown",
        "browInnerUp",
        "browOuterUp",
        "cheekPuff",
        "cheekRaiser",
        "cheekSquint",
        "eyeBlink",
        "eyeSquint",
        "eyeWide",
        "mouthDimple",
        "mouthFrown",
        "mouthLowerDown",
        "mouthPress",
        "mouthSmile",
        "mouthStretch",
        "mouthUpperUp",
        "noseSneer",
    ]
)
# Shapes that may come on their own, as a twitch.
_TWITCHES = (*sorted(_PAIRED - {"eyeBlink"}), "jawLeft", "jawRight", "mouthLeft", "mouthRight")


def sample_expression(
    rng: np.random.Generator, gaze: tuple[float, float] = (0.0, 0.0)
) -> Activations:
    """Activations 0..1 by ARKit name; the lids follow the gaze (degrees right, up)."""
    makers: tuple[tuple[float, Callable[[np.random.Generator], Activations]], ...] = (
        (0.2, _calm),
        (0.3, _talking),
        (0.5, _mood),
    )
    choice = rng.random()
    values: Activations = {}
    for share, maker in makers:
        if choice < share:
            values = maker(rng)
            break
        choice -= share
    for name in rng.choice(_TWITCHES, int(rng.integers(0, 4)), replace=False):
        _add(values, str(name), float(rng.beta(1, 3)), rng)
    _blink(values, rng)
    return _plausible(values, gaze)


def _calm(rng: np.random.Generator) -> Activations:
    values: Activations = {}
    _add(values, "mouthSmile", float(rng.uniform(0, 0.2)), rng)
    return values


def _mood(rng: np.random.Generator) -> Activations:
    name = str(rng.choice(list(_MOODS), p=_shares()))
    strength = float(rng.uniform(0.3, 1.0))
    values: Activations = {}
    for shape, full in _MOODS[name].items():
        _add(values, shape, strength * full * float(rng.uniform(0.7, 1.2)), rng)
    return values


def _shares() -> list[float]:
    likely = {"smile": 4.0, "grin": 3.0}
    weights = np.array([likely.get(name, 1.0) for name in _MOODS])
    return [float(share) for share in weights / weights.sum()]


def _talking(rng: np.random.Generator) -> Activations:
    """One moment of speech: the jaw somewhere, the lips in the shape of a sound."""
    values: Activations = {"jawOpen": float(rng.beta(1.3, 3.0))}
    sound = rng.integers(5)
    strength = float(rng.uniform(0.2, 0.7))
    if sound == 0:  # a, e
        _add(values, "mouthLowerDown", strength, rng)
        _add(values, "mouthUpperUp", 0.6 * strength, rng)
    elif sound == 1:  # o, u
        values["mouthFunnel"] = strength
    elif sound == 2:  # i, s
        _add(values, "mouthStretch", strength, rng)
        _add(values, "mouthSmile", 0.4 * strength, rng)
    elif sound == 3:  # m, p, b: the lips meet whatever the jaw does
        values["mouthClose"] = values["jawOpen"]
        values["mouthRollLower"] = values["mouthRollUpper"] = 0.5 * strength
    else:  # w
        values["mouthPucker"] = strength
    _add(values, "browInnerUp", float(rng.beta(1, 4)), rng)
    return values


def _add(values: Activations, name: str, value: float, rng: np.random.Generator) -> None:
    """Adds a shape; the two sides of a face never do quite the same."""
    if name not in _PAIRED:
        values[name] = values.get(name, 0.0) + value
        return
    uneven = float(rng.normal(0.0, 0.08)) if rng.random() < 0.85 else float(rng.uniform(-0.5, 0.5))
    for side, share in (("L", 1.0 + uneven), ("R", 1.0 - uneven)):
        key = f"{name}_{side}"
        values[key] = values.get(key, 0.0) + value * share


def _blink(values: Activations, rng: np.random.Generator) -> None:
    kind = rng.random()
    if kind < 0.09:  # closed
        _add_evenly(values, float(rng.uniform(0.85, 1.0)))
    elif kind < 0.28:  # on the way, or tired
        _add_evenly(values, float(rng.uniform(0.1, 0.6)))
    elif kind < 0.30:  # a wink
        values[f"eyeBlink_{'LR'[rng.integers(2)]}"] = float(rng.uniform(0.8, 1.0))


def _add_evenly(values: Activations, closed: float) -> None:
    for side in "LR":
        values[f"eyeBlink_{side}"] = max(values.get(f"eyeBlink_{side}", 0.0), closed)


def _plausible(values: Activations, gaze: tuple[float, float]) -> Activations:
    """Joins the lids' shapes so that a lid never closes beyond shut; all within 0..1."""
    merged = dict(values)
    for name, value in gaze_expression(gaze).items():
        merged[name] = merged.get(name, 0.0) + value
    for side in "LR":
        open_share = 1.0 - min(merged.get(f"eyeBlink_{side}", 0.0), 1.0)
        for name in ("eyeLookDown", "eyeSquint", "eyeWide", "eyeLookUp"):
            key = f"{name}_{side}"
            if key in merged:
                merged[key] *= open_share
    # Lips drawn in or pursed cannot be spread at the same time.
    if merged.get("mouthPucker", 0.0) + merged.get("mouthFunnel", 0.0) > 0.5:
        merged = {n: v * 0.4 if n.startswith("mouthSmile") else v for n, v in merged.items()}
    return {name: float(np.clip(value, 0.0, 1.0)) for name, value in merged.items() if value > 0.0}
