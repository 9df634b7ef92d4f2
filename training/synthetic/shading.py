"""Light: a soft lamp, sky and ground, shadows, and the sheen of skin, hair and eyes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.synthetic.compiled import compiled
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


def soft_shadow(
    vertices_in_camera: NDArray[np.float64],
    triangles: NDArray[np.int32],
    light: Light,
    samples: int = 14,
    resolution: int = 320,
) -> NDArray[np.float32]:
    """(V,) share of the lamp's disc that each vertex sees.

    samples: points of the disc, its middle first; resolution: pixels of each shadow map's side.
    """
    helper = np.cross(light.towards_lamp, [0.0, 1.0, 0.1])
    helper /= np.linalg.norm(helper)
    other = np.cross(light.towards_lamp, helper)
    lit = np.zeros(len(vertices_in_camera), dtype=np.float32)
    for index in range(samples):
        radius = np.tan(np.deg2rad(light.spread)) * np.sqrt(index / samples)
        angle = index * np.pi * (3.0 - np.sqrt(5.0))
        towards = light.towards_lamp + radius * (np.cos(angle) * helper + np.sin(angle) * other)
        towards /= np.linalg.norm(towards)
        lit += lit_fraction(vertices_in_camera, triangles, towards, resolution) / samples
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
    light_colours = np.stack([light.lamp, light.sky, light.ground]).astype(np.float32)
    return _shade(
        np.ascontiguousarray(surface.albedo, dtype=np.float32),
        surface.gloss,
        surface.sharpness,
        np.ascontiguousarray(normals, dtype=np.float32),
        np.ascontiguousarray(to_viewer, dtype=np.float32),
        np.ascontiguousarray(sky_seen, dtype=np.float32),
        np.ascontiguousarray(lamp_seen, dtype=np.float32),
        light.towards_lamp.astype(np.float32),
        light_colours,
        np.array(wrap, dtype=np.float32),
    )


@compiled
def _shade(
    albedo: NDArray[np.float32],
    gloss: NDArray[np.float32],
    sharpness: NDArray[np.float32],
    normals: NDArray[np.float32],
    to_viewer: NDArray[np.float32],
    sky_seen: NDArray[np.float32],
    lamp_seen: NDArray[np.float32],
    towards: NDArray[np.float32],
    colours: NDArray[np.float32],
    wrap: NDArray[np.float32],
) -> NDArray[np.float32]:
    radiance = np.empty(albedo.shape, dtype=np.float32)
    tx, ty, tz = towards[0], towards[1], towards[2]
    for i in range(albedo.shape[0]):
        nx, ny, nz = normals[i, 0], normals[i, 1], normals[i, 2]
        vx, vy, vz = to_viewer[i, 0], to_viewer[i, 1], to_viewer[i, 2]
        cosine = nx * tx + ny * ty + nz * tz
        hx, hy, hz = vx + tx, vy + ty, vz + tz
        length = max(np.sqrt(hx * hx + hy * hy + hz * hz), np.float32(1e-6))
        aligned = min(max((nx * hx + ny * hy + nz * hz) / length, 0.0), 1.0)
        grazing = 1.0 - min(max(nx * vx + ny * vy + nz * vz, 0.0), 1.0)
        fresnel = 0.04 + 0.5 * grazing * grazing * grazing * grazing * grazing
        sky, lamp = max(sky_seen[i], np.float32(1e-4)), lamp_seen[i]
        sheen = 0.0
        if cosine > 0.0 and lamp > 0.0:
            sheen = gloss[i] * aligned ** sharpness[i] * fresnel * (sharpness[i] + 8.0) / 25.0
            sheen *= lamp
        mirrored_sky = min(gloss[i], np.float32(1.0)) * 0.1 * fresnel * sky
        upward = 0.5 - 0.5 * ny
        log_sky = np.log(sky)
        log_lamp = np.log(max(lamp, np.float32(1e-6)))
        for k in range(3):
            soft = wrap[k]
            diffuse = max((cosine + soft) / (1.0 + soft), 0.0)
            lit = 0.0
            if diffuse > 0.0 and lamp > 0.0:
                lit = colours[0, k] * diffuse * np.exp((1.0 - soft) * log_lamp)
            # Light bouncing between folds of skin takes on its colour: creases are red, not grey.
            bounced = np.exp((1.0 + 1.5 * soft) * log_sky)
            ambient = (colours[1, k] * upward + colours[2, k] * (1.0 - upward)) * bounced
            radiance[i, k] = (
                albedo[i, k] * (lit + ambient)
                + sheen * colours[0, k]
                + mirrored_sky * colours[1, k]
            )
    return radiance


def develop(radiance: NDArray[np.floating], exposure: float) -> NDArray[np.float32]:
    """Linear radiance -> display values 0..1 with a soft shoulder like a photograph's."""
    exposed = np.maximum(np.asarray(radiance, dtype=np.float32) * np.float32(exposure), 0.0)
    shoulder = exposed * (1.0 + exposed / 4.0) / (1.0 + exposed * 0.62)
    return np.asarray(np.clip(shoulder, 0.0, 1.0) ** (1 / 2.2), dtype=np.float32)
