"""Skin tones along the Monk scale, and their individual typology angle."""

import numpy as np
from numpy.typing import NDArray

# Reflectance of skin (sRGB 0..255) for Monk tones 1 to 10. The scale's own swatches are flat
# colours for comparison; these keep their order and lightness with the chroma that skin has.
_TONES = np.array(
    [
        (245, 219, 202),
        (240, 207, 185),
        (231, 193, 164),
        (221, 177, 143),
        (201, 151, 114),
        (172, 122, 86),
        (141, 95, 66),
        (110, 72, 52),
        (81, 53, 41),
        (58, 40, 33),
    ],
    dtype=np.float64,
)
# Linear sRGB to CIE XYZ with D65 white, and that white (IEC 61966-2-1).
_XYZ = np.array(
    [
        (0.4124, 0.3576, 0.1805),
        (0.2126, 0.7152, 0.0722),
        (0.0193, 0.1192, 0.9505),
    ]
)


def linear(srgb: NDArray[np.floating]) -> NDArray[np.float32]:
    """sRGB 0..255 -> linear 0..1 (the display curve taken as a power of 2.2)."""
    return np.asarray((np.clip(srgb, 0, 255) / 255.0) ** 2.2, dtype=np.float32)


def monk_tone(darkness: float) -> int:
    """1 (lightest) .. 10 (darkest) of a position 0..1 along the scale."""
    return round(1.0 + 9.0 * float(np.clip(darkness, 0.0, 1.0)))


def skin_srgb(darkness: float) -> NDArray[np.float64]:
    """(3,) sRGB 0..255 of a position 0 (light) .. 1 (dark) along the scale."""
    position = float(np.clip(darkness, 0.0, 1.0)) * (len(_TONES) - 1)
    index = min(int(position), len(_TONES) - 2)
    mixed: NDArray[np.float64] = _TONES[index] + (_TONES[index + 1] - _TONES[index]) * (
        position - index
    )
    return mixed


def cie_lab(linear_rgb: NDArray[np.floating]) -> NDArray[np.float64]:
    """(3,) CIE L*, a*, b* (D65) of a linear RGB colour 0..1."""
    xyz = _XYZ @ np.asarray(linear_rgb, dtype=np.float64) / _XYZ.sum(axis=1)
    root = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16.0 / 116.0)
    return np.array([116.0 * root[1] - 16.0, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


def typology_angle(linear_rgb: NDArray[np.floating]) -> float:
    """ITA in degrees, atan2(L* - 50, b*): above 55 very light, below -30 dark (Chardon 1991)."""
    lightness, _, yellow = cie_lab(linear_rgb)
    return float(np.rad2deg(np.arctan2(lightness - 50.0, yellow)))
