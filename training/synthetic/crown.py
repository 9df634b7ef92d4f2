"""The crown of anything worn on the skull: a shell over the head's form down to a rim."""

import numpy as np
from numpy.typing import NDArray

from training.synthetic.headform import HeadForm
from training.synthetic.solids import Solid, sheet

AROUND = np.linspace(-180.0, 180.0, 49)  # azimuths of a crown's columns, degrees


def brow_elevation(form: HeadForm) -> float:
    """Degrees of the brows' highest point above the form's horizon."""
    return max(form.direction(form.landmarks[mark])[1] for mark in (18, 19, 20, 23, 24, 25))


def rim_elevation(form: HeadForm, front: float, side: float, back: float) -> NDArray[np.float64]:
    """(49,) elevation of a rim round the head: degrees above the brows, ears and nape."""
    ear = form.direction(form.landmarks[0] + (0.0, -14.0, 20.0))[1]
    ahead = np.cos(np.deg2rad(AROUND))
    low = np.where(ahead > 0, ear + side, back)
    high = np.where(ahead > 0, brow_elevation(form) + front, ear + side)
    share = np.where(ahead > 0, ahead, 1.0 + ahead)
    smooth = share * share * (3.0 - 2.0 * share)
    return np.asarray(low + (high - low) * smooth)


def shell(
    form: HeadForm, edge: NDArray[np.float64], lift: NDArray[np.floating], rows: int
) -> NDArray[np.float64]:
    """(rows, 49, 3) from the crown down to the edge; lift: (rows, 1) or (rows, 49) mm."""
    share = np.linspace(0.0, 1.0, rows)[:, None] ** 0.9
    elevation = 90.0 + (edge[None] - 90.0) * share
    azimuth = np.broadcast_to(AROUND, elevation.shape)
    ears = 15.0 * form.over_ears(azimuth, elevation)
    return form.at(azimuth, elevation, np.broadcast_to(lift, elevation.shape) + ears)


def swelling(rows: int, crown: float, rim: float) -> NDArray[np.float64]:
    """(rows, 1) mm above the skin, from the crown to the rim."""
    share = np.linspace(0.0, 1.0, rows)[:, None]
    return np.asarray(crown + (rim - crown) * share**2)


def lining(points: NDArray[np.float64], form: HeadForm) -> Solid:
    """The rim turned in to the skin, so that no gap shows between cap and head."""
    rim = points[-1]
    inner = form.centre + (rim - form.centre) * 0.9
    return sheet(np.stack([rim, inner]))
