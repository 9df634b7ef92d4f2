"""How much work a picture is worth: the one place where speed is traded for beauty."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quality:
    """One pipeline draws everything; these numbers decide how finely.

    supersampling: samples per pixel and axis. lamp_samples: points of the lamp that throw shadows;
    shadow_map: its pixels per side. sky_directions: traced for each person; 0 takes the occlusion
    of the mean head, computed once. hair_shells: layers of hair. map_pixels_per_mm: of lips and
    brows. torso_grid: rows and columns of the shirt.
    """

    supersampling: float
    lamp_samples: int
    shadow_map: int
    sky_directions: int
    hair_shells: int
    map_pixels_per_mm: int
    torso_grid: tuple[int, int]


# Pictures to look at: the golden set, seconds each.
FINE = Quality(
    supersampling=2.0,
    lamp_samples=14,
    shadow_map=320,
    sky_directions=96,
    hair_shells=14,
    map_pixels_per_mm=8,
    torso_grid=(70, 128),
)
# Training pictures of about 160 pixels, hundredths of a second each.
FAST = Quality(
    supersampling=1.5,
    lamp_samples=1,
    shadow_map=144,
    sky_directions=0,
    hair_shells=3,
    map_pixels_per_mm=3,
    torso_grid=(26, 48),
)
