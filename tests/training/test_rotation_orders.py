"""The reading of three angles that labelled points ask for, found among all that there are."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from app.face.pnp import canonical_points
from app.face.rotation import from_300w_lp
from training.rotation_orders import OURS, ranked, readings

# pitch, yaw, roll: each order tells them apart only where two of them are large.
ANGLES = np.array([(20, 50, -15), (-35, -40, 30), (15, -70, 10), (-10, 30, 60)], np.float64)


def seen(rotations: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, 68, 2): the canonical head through a long lens."""
    return np.stack([(canonical_points() @ one.T)[:, :2] * 0.7 + 90 for one in rotations])


def test_every_reading_is_another_one() -> None:
    names = [str(reading) for reading in readings()]
    assert len(set(names)) == len(names) == 48
    turned = np.stack([reading.rotations(ANGLES).ravel() for reading in readings()])
    assert len(np.unique(turned.round(6), axis=0)) == 48


def test_a_reading_is_the_product_that_its_name_says() -> None:
    about_x, about_y, about_z = (
        Rotation.from_rotvec(np.outer(ANGLES[:, column], axis), degrees=True).as_matrix()
        for column, axis in enumerate(np.eye(3))
    )
    by_name = {str(reading): reading.rotations(ANGLES) for reading in readings()}
    minus_x = about_x.transpose(0, 2, 1)
    np.testing.assert_allclose(by_name[OURS], minus_x @ about_y @ about_z, atol=1e-12)
    expected = about_z @ minus_x @ about_y
    np.testing.assert_allclose(by_name["Rz(+roll) Rx(-pitch) Ry(+yaw)"], expected, atol=1e-12)


def test_ours_is_how_the_service_reads_300w_lp() -> None:
    (ours,) = (reading for reading in readings() if str(reading) == OURS)
    np.testing.assert_allclose(ours.rotations(ANGLES), from_300w_lp(*ANGLES.T), atol=1e-12)


def test_the_reading_that_made_the_points_comes_first() -> None:
    for truth in list(readings())[::7]:
        errors, first = ranked(ANGLES, seen(truth.rotations(ANGLES)))[0]
        assert str(first) == str(truth)
        np.testing.assert_allclose(errors, 0, atol=1e-9)
