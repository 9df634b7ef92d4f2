"""Paints eyeballs: white, iris, pupil; and the shade that the lids throw on them."""

import numpy as np
from numpy.typing import NDArray

from training.synthetic.appearance import Appearance
from training.synthetic.noise import noise, smoothstep
from training.synthetic.surface import Surface


def paint_eyes(
    eye_direction: NDArray[np.float32],
    lid_distance: NDArray[np.float32],
    below_upper_lid: NDArray[np.float32],
    look: Appearance,
) -> Surface:
    """eye_direction: (P, 3) unit vectors from the eyeball's centre, in the eyeball's own frame.

    lid_distance, below_upper_lid: (P,) mm to the nearest rim, and to the upper one.
    """
    off_axis = np.rad2deg(np.arctan2(np.hypot(*eye_direction[:, :2].T), -eye_direction[:, 2]))
    around = np.arctan2(eye_direction[:, 1], eye_direction[:, 0])
    fibres = noise(
        np.stack([np.cos(around) * 9, np.sin(around) * 9, off_axis / 12.0], axis=1), look.seed
    )
    iris = look.iris * (1.0 + 0.35 * fibres[:, None])
    iris = iris * (1.3 - 0.6 * smoothstep(off_axis, 17.0, 25.0))[:, None]
    veins = 0.06 * smoothstep(off_axis, 25.0, 55.0)[:, None] * np.array([0.2, 1.0, 1.0])
    albedo = look.sclera * (1.0 - veins)
    in_iris = smoothstep(off_axis, 26.0, 23.5)[:, None]
    albedo = albedo * (1.0 - in_iris) + iris * in_iris
    pupil = smoothstep(off_axis, 10.5, 9.0)[:, None]
    albedo = albedo * (1.0 - 0.97 * pupil) + look.pupil * pupil
    # Lids and lashes shade the eyeball, which makes it sit in the head instead of glowing.
    shade = 1.0 - 0.72 * np.exp(-((below_upper_lid / 2.6) ** 2)) - 0.3 * np.exp(-lid_distance / 1.2)
    albedo = albedo * np.clip(shade, 0.06, 1.0)[:, None]
    wet = np.full(len(albedo), 9.0, dtype=np.float32)
    return Surface(albedo.astype(np.float32), wet, np.full(len(albedo), 420.0, dtype=np.float32))
