"""Where beards grow: density maps over the undeformed face."""

import numpy as np
from numpy.typing import NDArray

from training.synthetic.appearance import Appearance
from training.synthetic.noise import noise, smoothstep

Density = NDArray[np.float32]


def beard_density(rest: NDArray[np.floating], look: Appearance) -> Density:
    """(P,) 0..1 at (P, 3) undeformed positions, mm; how much of the skin hair hides.

    Lips are left out only roughly: paint them afterwards.
    """
    rest = np.asarray(rest, dtype=np.float32)
    if look.beard_style == "none" or look.beard <= 0.0:
        return np.zeros(len(rest), dtype=np.float32)
    x, up, forward = np.abs(rest[:, 0]), -rest[:, 1], -rest[:, 2]
    ragged = 3.0 * noise(rest / 6.0, look.seed + 11)
    moustache = _moustache(x, up, ragged)
    jaw = _jaw(x, up, forward, ragged)
    chin = _chin(x, up, forward, ragged)
    if look.beard_style == "moustache":
        area = moustache
    elif look.beard_style == "goatee":
        beside_mouth = smoothstep(np.abs(x - 30.0) - 0.4 * ragged, 7.0, 2.0)
        beside_mouth = beside_mouth * smoothstep(up, -66.0, -58.0) * smoothstep(up, -22.0, -28.0)
        area = np.maximum(np.maximum(moustache, chin), beside_mouth * (look.seed % 2))
    elif look.beard_style == "chinstrap":
        edge = smoothstep(_below_jaw(x, up) + ragged, -17.0, -8.0)
        area = jaw * np.maximum(edge, 0.0)
    else:
        area = np.maximum(jaw, moustache)
    # Below the lower lip and beside the mouth corner hair grows more thinly.
    thin = 0.6 * np.exp(-(((x - 14.0) / 9.0) ** 2) - ((up + 52.0) / 6.0) ** 2)
    hairs = 0.75 + 0.5 * noise(rest * (1.3, 0.45, 1.3), look.seed + 12)
    density = area * (1.0 - thin) * look.beard * hairs
    return np.asarray(np.clip(density, 0.0, 0.95), dtype=np.float32)


def _moustache(x: Density, up: Density, ragged: Density) -> Density:
    above_lip = smoothstep(33.0 - x, 0, 9.0) * smoothstep(-13.0 - 0.35 * x - up + ragged, -1.0, 5.0)
    groove = 1.0 - 0.8 * smoothstep(x, 5.0, 1.0) * smoothstep(up, -19.0, -15.0)
    return np.asarray(above_lip * smoothstep(up, -42.0, -32.0) * groove, dtype=np.float32)


def _jaw(x: Density, up: Density, forward: Density, ragged: Density) -> Density:
    cheek = -26.0 + 0.75 * np.maximum(x - 26.0, 0.0) - up + ragged
    below = smoothstep(cheek, -8.0, 10.0) * smoothstep(forward, 8.0, 30.0)
    # Between nose and chin the middle belongs to the moustache and the tuft.
    mouth = 1.0 - smoothstep(x, 34.0, 27.0) * smoothstep(up, -57.0, -50.0)
    return np.asarray(below * smoothstep(up, -108.0, -84.0) * mouth, dtype=np.float32)


def _chin(x: Density, up: Density, forward: Density, ragged: Density) -> Density:
    round_chin = np.hypot(x / 27.0, (up + 72.0) / 22.0)
    tuft = smoothstep(round_chin + 0.04 * ragged, 1.15, 0.8)
    soul = smoothstep(x, 8.0, 4.0) * smoothstep(np.abs(up + 50.0), 8.0, 4.0)
    return np.asarray(np.maximum(tuft, soul) * smoothstep(forward, 50.0, 70.0), dtype=np.float32)


def _below_jaw(x: Density, up: Density) -> Density:
    """Millimetres below a line from the ear along the jaw to the chin, negative above it."""
    return np.asarray(-60.0 + 0.0105 * x**2 - up, dtype=np.float32)
