"""Light: a soft lamp, sky and ground, shadows, and the sheen of skin, hair and eyes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.synthetic.mesh import lit_fraction
from training.synthetic.surface import Surface

# Light bleeds through skin, red most; this is how far past the terminator it reaches.
SKIN_WRAP = (0.34, 0.20, 0.15)
PLAIN_WRAP = (0.1, 0.1, 0.1)


@dataclass(frozen=True, slots=True)
class Light:
    """One lamp and its surroundings, in the camera frame.

    towards_lamp: (3,) unit vector; spread: the lamp's angular radius in degrees.
    lamp, sky, ground: (3,) linear RGB irradiance.
    """

    towards_lamp: NDArray[np.float64]
    spread: float
    lamp: NDArray[np.float32]
    sky: NDArray[np.float32]
    ground: NDArray[np.float32]


def sample_light(rng: np.random.Generator) -> Light:
    """A lamp somewhere above and before the face, warm or cool, with a bright room about it."""
    azimuth, elevation = np.deg2rad([rng.uniform(-55, 55), rng.uniform(10, 55)])
    towards = np.array(
        [
            np.sin(azimuth) * np.cos(elevation),
            -np.sin(elevation),
            -np.cos(azimuth) * np.cos(elevation),
        ]
    )
    warmth = rng.uniform(-1, 1)
    tint = np.array([1.0 + 0.07 * warmth, 1.0, 1.0 - 0.10 * warmth])
    contrast = rng.uniform(0.45, 0.8)
    sky = (1.05 - contrast) * (2.0 - tint)
    return Light(
        towards,
        float(rng.uniform(8, 20)),
        (contrast * tint).astype(np.float32),
        sky.astype(np.float32),
        (sky * (0.55, 0.5, 0.46)).astype(np.float32),
    )


def soft_shadow(
    vertices_in_camera: NDArray[np.float64],
    triangles: NDArray[np.int32],
    light: Light,
    samples: int = 14,
) -> NDArray[np.float32]:
    """(V,) share of the lamp's disc that each vertex sees."""
    helper = np.cross(light.towards_lamp, [0.0, 1.0, 0.1])
    helper /= np.linalg.norm(helper)
    other = np.cross(light.towards_lamp, helper)
    lit = np.zeros(len(vertices_in_camera), dtype=np.float32)
    for index in range(samples):
        radius = np.tan(np.deg2rad(light.spread)) * np.sqrt((index + 0.5) / samples)
        angle = index * np.pi * (3.0 - np.sqrt(5.0))
        towards = light.towards_lamp + radius * (np.cos(angle) * helper + np.sin(angle) * other)
        towards /= np.linalg.norm(towards)
        lit += lit_fraction(vertices_in_camera, triangles, towards, 320) / samples
    return lit


def shade(
    surface: Surface,
    normals: NDArray[np.float32],
    to_viewer: NDArray[np.float32],
    sky_seen: NDArray[np.float32],
    lamp_seen: NDArray[np.float32],
    light: Light,
    wrap: tuple[float, float, float] = PLAIN_WRAP,
) -> NDArray[np.float32]:
    """(P, 3) linear radiance of P points.

    normals, to_viewer: (P, 3) unit vectors in the camera frame.
    sky_seen, lamp_seen: (P,) 0..1, from sky_visibility and soft_shadow.
    """
    towards = light.towards_lamp.astype(np.float32)
    cosine = (normals @ towards)[:, None]
    soft = np.array(wrap, dtype=np.float32)
    diffuse = np.clip((cosine + soft) / (1.0 + soft), 0.0, None)
    seen = lamp_seen[:, None] ** (1.0 - soft)
    upward = (0.5 - 0.5 * normals[:, 1])[:, None]
    ambient = (light.sky * upward + light.ground * (1.0 - upward)) * sky_seen[:, None]
    # Light that bounces between folds of skin takes on its colour: creases are red, not grey.
    bounced = sky_seen[:, None] ** (soft * 1.5)
    irradiance = light.lamp * diffuse * seen + ambient * bounced
    half = to_viewer + towards
    half /= np.maximum(np.linalg.norm(half, axis=1, keepdims=True), 1e-6)
    aligned = np.clip(np.sum(normals * half, axis=1), 0.0, 1.0)
    grazing = 1.0 - np.clip(np.sum(normals * to_viewer, axis=1), 0.0, 1.0)
    fresnel = 0.04 + 0.5 * grazing**5
    lobe = surface.gloss * aligned**surface.sharpness * fresnel * (surface.sharpness + 8.0) / 25.0
    sheen = (lobe * lamp_seen)[:, None] * light.lamp * (cosine > 0)
    sheen = sheen + (np.minimum(surface.gloss, 1.0) * 0.1 * fresnel * sky_seen)[:, None] * light.sky
    return np.asarray(surface.albedo * irradiance + sheen, dtype=np.float32)


def develop(radiance: NDArray[np.floating], exposure: float) -> NDArray[np.float32]:
    """Linear radiance -> display values 0..1 with a soft shoulder like a photograph's."""
    exposed = np.maximum(np.asarray(radiance, dtype=np.float32) * np.float32(exposure), 0.0)
    shoulder = exposed * (1.0 + exposed / 4.0) / (1.0 + exposed * 0.62)
    return np.asarray(np.clip(shoulder, 0.0, 1.0) ** (1 / 2.2), dtype=np.float32)
