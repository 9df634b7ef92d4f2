"""Looks: tones, hair, beards."""

from collections import Counter
from dataclasses import replace

import cv2
import numpy as np
import pytest

from training.synthetic.appearance import linear, sample_appearance
from training.synthetic.beards import beard_density
from training.synthetic.coiffure import HAIR_STYLES
from training.synthetic.tones import cie_lab, monk_tone, skin_srgb, typology_angle


@pytest.mark.parametrize("colour", [(0.8, 0.5, 0.4), (0.05, 0.03, 0.02), (0.3, 0.3, 0.3)])
def test_lab_agrees_with_opencv(colour: tuple[float, float, float]) -> None:
    given = np.array(colour, dtype=np.float32)
    # OpenCV takes sRGB with its exact curve.
    encoded = np.where(given <= 0.0031308, 12.92 * given, 1.055 * given ** (1 / 2.4) - 0.055)
    expected = cv2.cvtColor(encoded.astype(np.float32).reshape(1, 1, 3), cv2.COLOR_RGB2LAB)[0, 0]
    np.testing.assert_allclose(cie_lab(given), expected, atol=0.3)


def test_typology_angle_of_known_colours() -> None:
    # Yellowish grey of L* 50 lies on the axis; a lighter one above it.
    grey = 0.184 * np.array([1.1, 1.0, 0.7])
    lightness, _, yellow = cie_lab(grey)
    assert typology_angle(grey) == pytest.approx(
        np.degrees(np.arctan2(lightness - 50, yellow)), abs=1e-9
    )
    assert typology_angle(linear(skin_srgb(0.0))) > 55.0  # "very light" (Chardon)
    assert typology_angle(linear(skin_srgb(1.0))) < -30.0  # "dark"


def test_tones_darken_evenly_along_the_scale() -> None:
    lightness = [cie_lab(linear(skin_srgb(t)))[0] for t in np.linspace(0, 1, 50)]
    assert (np.diff(lightness) < 0).all()
    assert [monk_tone(t) for t in (0.0, 0.5, 1.0)] == [1, 6, 10]


def test_people_cover_all_tones_styles_and_beards() -> None:
    rng = np.random.default_rng(0)
    looks = [sample_appearance(rng) for _ in range(200)]

    tones = Counter(look.monk for look in looks)
    assert set(tones) == set(range(1, 11))
    assert {look.style for look in looks} == set(HAIR_STYLES)
    assert {look.beard_style for look in looks} == {
        *("none", "stubble", "moustache", "goatee", "chinstrap", "full"),
    }
    assert max(look.ita for look in looks) > 60.0
    assert min(look.ita for look in looks) < -60.0
    for look in looks:
        colours = (look.skin, look.lips, look.hair, look.brows, look.iris, look.teeth, look.sclera)
        for colour in colours:
            assert colour.dtype == np.float32
            assert np.isfinite(colour).all()
            assert 0.0 <= colour.min() <= colour.max() <= 1.0
        assert (look.beard > 0.0) == (look.beard_style != "none")
        assert look.sclera.max() < 0.75  # eyes do not glow
        assert look.brows.sum() < look.skin.sum()


def test_looks_are_fixed_by_the_generator_and_by_what_is_asked_for() -> None:
    first, second = (sample_appearance(np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first.skin, second.skin)
    assert first.cut == second.cut
    assert first.seed == second.seed
    asked = sample_appearance(np.random.default_rng(3), tone=1.0, style="bald")
    assert asked.monk == 10
    assert asked.style == "bald"


def test_beards_grow_where_their_names_say() -> None:
    # Undeformed positions of the head model, mm: y down, z into the head.
    spots = {
        "upper lip": (12.0, 24.0, -114.0),
        "chin": (0.0, 74.0, -104.0),
        "jaw": (50.0, 56.0, -60.0),
        "forehead": (0.0, -90.0, -100.0),
        "cheek bone": (45.0, -8.0, -85.0),
        "nose": (0.0, -4.0, -130.0),
    }
    rest = np.array(list(spots.values()), dtype=np.float32)
    look = replace(sample_appearance(np.random.default_rng(1)), beard=0.9)
    grown = {
        style: dict(zip(spots, beard_density(rest, replace(look, beard_style=style)), strict=True))
        for style in ("none", "moustache", "goatee", "chinstrap", "full")
    }

    assert all(value == 0.0 for value in grown["none"].values())
    for style, density in grown.items():
        for bare in ("forehead", "cheek bone", "nose"):
            assert density[bare] < 0.05, (style, bare)
    assert grown["moustache"]["upper lip"] > 0.3
    assert grown["moustache"]["chin"] < 0.05
    assert grown["goatee"]["chin"] > 0.3
    assert grown["goatee"]["jaw"] < 0.1
    assert grown["chinstrap"]["jaw"] > 0.3
    assert grown["chinstrap"]["upper lip"] < 0.1
    assert min(grown["full"][spot] for spot in ("upper lip", "chin", "jaw")) > 0.3
