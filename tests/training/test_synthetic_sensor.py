"""Light, background and camera."""

from collections import Counter
from dataclasses import replace

import cv2
import numpy as np
import pytest

from training.synthetic.background import (
    BACKGROUND_KINDS,
    photograph_background,
    sample_background,
    sample_background_kind,
)
from training.synthetic.lights import LIGHT_KINDS, sample_light
from training.synthetic.sensor import Sensor, expose, sample_sensor
from training.synthetic.shading import develop

QUIET = Sensor(noise=0.0, defocus=0.0)


def _scene(
    height: int = 60, width: int = 80
) -> np.ndarray[tuple[int, int, int], np.dtype[np.float32]]:
    rng = np.random.default_rng(0)
    coarse = rng.uniform(0.05, 0.6, (6, 8, 3)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (width, height)), dtype=np.float32)


def test_two_hundred_lights_show_every_kind_and_are_unit_and_finite() -> None:
    rng = np.random.default_rng(1)
    lights = [sample_light(rng) for _ in range(200)]

    assert set(Counter(light.kind for light in lights)) == set(LIGHT_KINDS)
    for light in lights:
        assert np.linalg.norm(light.towards_lamp) == pytest.approx(1.0)
        for colour in (light.lamp, light.sky, light.ground):
            assert colour.dtype == np.float32
            assert np.isfinite(colour).all()
            assert (colour > 0).all()


def test_kinds_of_light_are_what_they_say() -> None:
    rng = np.random.default_rng(2)
    for _ in range(30):
        below, side = sample_light(rng, "below"), sample_light(rng, "side")
        infrared, back = sample_light(rng, "infrared"), sample_light(rng, "backlit")
        assert below.towards_lamp[1] > 0.4  # y points down in the camera frame
        assert abs(side.towards_lamp[0]) > 0.5
        assert back.towards_lamp[2] > 0.2  # behind the person
        # The infrared lamp is beside the lens; its light has no colour and the room is dark.
        assert infrared.infrared
        assert infrared.towards_lamp[2] < -0.8
        assert np.ptp(infrared.lamp) == 0.0
        assert np.ptp(infrared.ground) == 0.0
        assert infrared.background < 0.3
    with pytest.raises(ValueError, match="moonshine"):
        sample_light(rng, "moonshine")  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", BACKGROUND_KINDS)
def test_backgrounds_are_radiance_of_any_size(kind: str) -> None:
    for seed, (width, height) in enumerate([(160, 160), (97, 41), (33, 120), (16, 16)]):
        image = sample_background(np.random.default_rng(seed), width, height, kind)  # type: ignore[arg-type]
        again = sample_background(np.random.default_rng(seed), width, height, kind)  # type: ignore[arg-type]
        assert image.shape == (height, width, 3)
        assert image.dtype == np.float32
        assert np.isfinite(image).all()
        assert image.min() >= 0.0
        assert 0.001 < image.mean() < 4.0
        np.testing.assert_array_equal(image, again)


def test_two_hundred_backgrounds_show_every_kind() -> None:
    rng = np.random.default_rng(3)
    assert {sample_background_kind(rng) for _ in range(200)} == set(BACKGROUND_KINDS)
    with pytest.raises(ValueError, match="moon"):
        sample_background(rng, 32, 32, "moon")  # type: ignore[arg-type]


def test_a_photograph_becomes_linear_radiance() -> None:
    photograph = np.full((90, 120, 3), 186, dtype=np.uint8)  # middle grey: half the light
    for seed in range(6):
        image = photograph_background(photograph, np.random.default_rng(seed), 64, 48)
        assert image.shape == (48, 64, 3)
        np.testing.assert_allclose(image, (186 / 255) ** 2.2, atol=1e-3)


def test_random_sensors_keep_shape_and_type_and_brightness() -> None:
    scene = _scene()
    for seed in range(120):
        rng = np.random.default_rng(seed)
        sensor = sample_sensor(rng, LIGHT_KINDS[seed % len(LIGHT_KINDS)])
        picture = expose(scene, sensor, rng)
        assert picture.shape == scene.shape
        assert picture.dtype == np.uint8
        # Automatic exposure: a picture of even grey with the target's brightness.
        expected = float(develop(np.array([sensor.target]), 1.4)[0]) * 255.0
        assert picture.mean() == pytest.approx(expected, abs=32.0)
        if sensor.grey:
            assert np.ptp(picture.astype(int), axis=2).max() == 0


def test_infrared_sensors_are_grey() -> None:
    rng = np.random.default_rng(4)
    assert all(sample_sensor(rng, "infrared").grey for _ in range(50))
    picture = expose(_scene(), sample_sensor(rng, "infrared"), rng)
    assert np.ptp(picture.astype(int), axis=2).max() == 0


def test_the_same_generator_state_exposes_the_same_picture() -> None:
    sensor = sample_sensor(np.random.default_rng(8), "night")
    first = expose(_scene(), sensor, np.random.default_rng(1))
    np.testing.assert_array_equal(first, expose(_scene(), sensor, np.random.default_rng(1)))
    assert (first != expose(_scene(), sensor, np.random.default_rng(2))).any()


def test_a_plain_sensor_develops_and_nothing_else() -> None:
    scene = np.full((40, 40, 3), 0.2, dtype=np.float32)
    picture = expose(scene, replace(QUIET, target=0.2), np.random.default_rng(0))
    assert (picture == round(float(develop(np.array([0.2]), 1.4)[0]) * 255.0)).all()


def test_noise_grows_with_the_sensors_number_and_darkness_has_less() -> None:
    grey = np.full((80, 80, 3), 0.3, dtype=np.float32)
    grey[:, :40] = 0.02
    rng = np.random.default_rng(0)
    weak = expose(grey, replace(QUIET, noise=0.005), rng).astype(float)
    strong = expose(grey, replace(QUIET, noise=0.04), rng).astype(float)
    assert strong[:, 50:].std() > 4.0 * weak[:, 50:].std()


def test_motion_and_defocus_do_not_move_the_picture() -> None:
    dot = np.full((61, 61, 3), 0.01, dtype=np.float32)
    dot[30, 30] = 4.0
    for change in ({"motion": (7.0, 0.0)}, {"motion": (3.0, -5.0)}, {"defocus": 2.0}):
        sensor = replace(QUIET, highest_gain=1.0, target=1.0, **change)
        picture = expose(dot, sensor, np.random.default_rng(0)).astype(float)[:, :, 0]
        light = picture - picture[0, 0]
        rows, columns = np.mgrid[0:61, 0:61]
        assert (light * rows).sum() / light.sum() == pytest.approx(30.0, abs=0.1)
        assert (light * columns).sum() / light.sum() == pytest.approx(30.0, abs=0.1)
        assert (light > 5).sum() > 4
