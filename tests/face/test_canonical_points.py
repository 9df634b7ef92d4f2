"""The derivation of the canonical points, on a mean head made from the committed ones."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.face.pnp import canonical_points
from training import canonical_points as derivation

PACKAGED = Path(__file__).parents[2] / "app" / "face" / "canonical_68.json"


def mean_head() -> NDArray[np.float64]:
    """A head in FaceKit's frame: centimetres, y up, z to the viewer, an origin of its own."""
    mean = np.full((26719, 3), 999.0)
    mean[list(derivation.VERTICES)] = canonical_points() * (0.1, -0.1, -0.1) + (0.0, 3.43, 8.6)
    return mean


def test_derivation_gives_the_committed_file() -> None:
    points = derivation.canonical_points(mean_head())
    np.testing.assert_allclose(points, canonical_points(), atol=1e-9)
    text = derivation.document(points)
    assert text == PACKAGED.read_text(encoding="utf-8")
    assert json.loads(text)["unit"] == "millimetre"


def test_sixty_eight_distinct_vertices() -> None:
    assert len(set(derivation.VERTICES)) == 68


def test_another_topology_is_refused() -> None:
    mean = mean_head()
    mean[derivation.VERTICES[0], 1] += 0.2
    with pytest.raises(ValueError, match="symmetry"):
        derivation.canonical_points(mean)
