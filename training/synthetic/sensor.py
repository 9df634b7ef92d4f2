"""What a camera makes of light: focus, motion, exposure, noise, colour, compression."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.synthetic.shading import develop

_LUMA = np.array([0.25, 0.60, 0.15], dtype=np.float32)
# Noise (standard deviation of a mid-grey pixel, share of full scale) by kind of light.
_NOISE = {"night": (0.010, 0.042), "infrared": (0.006, 0.028), "below": (0.005, 0.025)}
_QUIET = (0.001, 0.018)


@dataclass(frozen=True, slots=True)
class Sensor:
    """One exposure; blur lengths in pixels of the finished picture.

    target: mean linear brightness that automatic exposure aims at; highest_gain limits it.
    white_balance: (3,) gains. noise: standard deviation at mid-grey; grain: its size in pixels.
    defocus: sigma. motion: (dx, dy), the path of a point during the exposure. banding: (share,
    periods per picture, phase) of flickering light under a rolling shutter, which leans nothing:
    labels stay exact. reduction: the picture is taken that much smaller and enlarged. jpeg:
    quality, None for none. grey: one channel, as infrared cameras have.
    """

    target: float = 0.3
    highest_gain: float = 8.0
    white_balance: tuple[float, float, float] = (1.0, 1.0, 1.0)
    saturation: float = 1.0
    noise: float = 0.005
    grain: float = 0.0
    defocus: float = 0.45
    motion: tuple[float, float] = (0.0, 0.0)
    banding: tuple[float, float, float] = (0.0, 1.0, 0.0)
    reduction: float = 1.0
    jpeg: int | None = None
    grey: bool = False


def sample_sensor(rng: np.random.Generator, light_kind: str = "indoor") -> Sensor:
    """A random camera for a kind of light."""
    dim = light_kind in {"night", "infrared"}
    low, high = _NOISE.get(light_kind, _QUIET)
    length = 0.0
    if rng.random() < (0.35 if dim else 0.16):
        length = float(rng.exponential(2.2))
    angle = float(rng.normal(0.0, 0.5)) if rng.random() < 0.7 else float(rng.uniform(0, np.pi))
    gains = np.exp(rng.normal(0.0, (0.10, 0.02, 0.14)) * (0.4 if rng.random() < 0.6 else 1.0))
    target = float(np.exp(rng.normal(np.log(0.27), 0.35)))
    if light_kind == "night":
        target *= float(rng.uniform(0.45, 1.0))
    return Sensor(
        target=float(np.clip(target, 0.08, 0.6)),
        highest_gain=float(rng.uniform(3, 7) if dim else rng.uniform(2.5, 6)),
        white_balance=(float(gains[0]), float(gains[1]), float(gains[2])),
        saturation=float(rng.uniform(0.75, 1.2)),
        noise=float(np.exp(rng.uniform(np.log(low), np.log(high)))),
        grain=float(rng.choice([0.0, 0.0, 0.6])),
        defocus=float(rng.uniform(0.35, 0.6) if rng.random() < 0.75 else rng.uniform(0.6, 2.0)),
        motion=(min(length, 9.0) * float(np.cos(angle)), min(length, 9.0) * float(np.sin(angle))),
        banding=(
            float(rng.uniform(0.03, 0.15) if rng.random() < 0.06 else 0.0),
            float(rng.uniform(1.0, 4.0)),
            float(rng.uniform(0, 2 * np.pi)),
        ),
        reduction=float(rng.uniform(0.3, 0.8)) if rng.random() < 0.14 else 1.0,
        jpeg=int(rng.integers(22, 96)) if rng.random() < 0.55 else None,
        grey=light_kind == "infrared" or rng.random() < 0.03,
    )


def expose(
    radiance: NDArray[np.float32], sensor: Sensor, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """(H, W, 3) linear radiance -> (H, W, 3) uint8 RGB; rng draws the noise alone."""
    height, width = radiance.shape[:2]
    light = _through_lens(radiance, sensor)
    light = light * _gain(light, sensor)
    if sensor.banding[0] > 0.0:
        rows = np.arange(len(light), dtype=np.float32) / len(light)
        share, periods, phase = sensor.banding
        light *= (1.0 + share * np.sin(2 * np.pi * periods * rows + phase))[:, None, None]
    light = _coloured(light.astype(np.float32), sensor)
    light = _noisy(light, sensor, rng)
    display = np.asarray(develop(light, 1.4) * np.float32(255.0) + np.float32(0.5))
    picture = display.astype(np.uint8)
    if sensor.jpeg is not None:
        picture = _compressed(picture, sensor.jpeg)
    if picture.shape[:2] != (height, width):
        picture = np.asarray(
            cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.uint8
        )
    if sensor.grey:
        # Compression tints greys a little; a one-channel camera cannot.
        picture = np.repeat(picture[:, :, 1:2], 3, axis=2)
    return np.ascontiguousarray(picture)


def _through_lens(radiance: NDArray[np.float32], sensor: Sensor) -> NDArray[np.float32]:
    light: cv2.typing.MatLike = radiance
    height, width = radiance.shape[:2]
    if sensor.defocus > 0.0:
        light = cv2.GaussianBlur(light, (0, 0), sensor.defocus)
    length = float(np.hypot(*sensor.motion))
    if length > 0.7:
        light = cv2.filter2D(light, -1, _streak(sensor.motion, length))
    if sensor.reduction < 1.0:
        size = (max(8, round(width * sensor.reduction)), max(8, round(height * sensor.reduction)))
        light = cv2.resize(light, size, interpolation=cv2.INTER_AREA)
    return np.asarray(light, dtype=np.float32)


def _streak(motion: tuple[float, float], length: float) -> NDArray[np.float32]:
    """A normalised kernel along the path, centred so that labels stay in the middle of it."""
    reach = int(np.ceil(length / 2))
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), dtype=np.float32)
    fine = 16.0
    half = np.array(motion) / 2
    start, end = (np.round((reach + s * half) * fine).astype(int).tolist() for s in (-1, 1))
    cv2.line(kernel, start, end, 1.0, 1, cv2.LINE_8, 4)
    kernel += kernel[::-1, ::-1]
    return np.asarray(kernel / kernel.sum(), dtype=np.float32)


def _gain(light: NDArray[np.float32], sensor: Sensor) -> float:
    """Automatic exposure: the middle of the picture counts most."""
    height, width = light.shape[:2]
    middle = light[height // 5 : height - height // 5, width // 5 : width - width // 5]
    brightness = float(0.7 * np.mean(middle) + 0.3 * np.mean(light))
    return min(sensor.target / max(brightness, 1e-4), sensor.highest_gain)


def _coloured(light: NDArray[np.float32], sensor: Sensor) -> NDArray[np.float32]:
    if sensor.grey:
        return np.repeat((light @ _LUMA)[:, :, None], 3, axis=2)
    # White balance and saturation are one linear map of the three channels.
    saturate = np.float32(1.0 - sensor.saturation) * _LUMA[None, :]
    matrix = (np.eye(3, dtype=np.float32) * sensor.saturation + saturate) * np.array(
        sensor.white_balance, dtype=np.float32
    )
    return np.asarray(cv2.transform(light, matrix), dtype=np.float32)


def _noisy(
    light: NDArray[np.float32], sensor: Sensor, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Photon noise grows with the square root of light, read-out noise does not."""
    shape = (*light.shape[:2], 1) if sensor.grey else light.shape
    noise = rng.standard_normal(shape, dtype=np.float32)
    if sensor.grain > 0.0:
        blurred = cv2.GaussianBlur(noise, (0, 0), sensor.grain)
        noise = blurred.reshape(shape) * np.float32(2.1 * sensor.grain)
    amount = np.sqrt(np.maximum(light, 0.0) + np.float32(0.02)) * np.float32(sensor.noise * 2.0)
    return np.asarray(light + noise * amount, dtype=np.float32)


def _compressed(picture: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    _, data = cv2.imencode(".jpg", picture[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), dtype=np.uint8)
    return decoded[:, :, ::-1]
