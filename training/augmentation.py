"""What cameras, light and compression do to a picture; nothing here moves a pixel.

Every function takes and returns RGB uint8 (H, W, 3) and draws from the generator it is given;
those that cover a part also return which pixels are covered, (H, W) bool.
Geometry (rotation, scale, shift, mirror) belongs to the crop and lives in the pipelines.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def photometric(rng: np.random.Generator, image: Image) -> Image:
    """Light, colour, blur, resolution, noise and JPEG, each with its own probability."""
    image = _light(rng, image)
    if rng.random() < 0.15:
        image = _defocus_or_motion(rng, image)
    if rng.random() < 0.15:
        image = _lower_resolution(rng, image)
    if rng.random() < 0.3:
        image = _sensor_noise(rng, image)
    if rng.random() < 0.15:
        image = _jpeg(rng, image)
    return image


def restyle(rng: np.random.Generator, image: Image) -> Image:
    """Another light and another lens: shading that wanders over the picture, mixed colours, edges
    made softer or harder, contrast evened out locally.

    For renders, whose own shading and texture a network must not learn to rely on.
    """
    height, width = image.shape[:2]
    field = np.exp(rng.normal(0, 0.3, (4, 4))).astype(np.float32)
    shading = cv2.resize(field, (width, height), interpolation=cv2.INTER_CUBIC)
    colours = (np.eye(3) + rng.normal(0, 0.08, (3, 3))).astype(np.float32)
    styled = np.asarray(cv2.transform(image.astype(np.float32) * shading[:, :, None], colours))
    soft = cv2.GaussianBlur(styled, (0, 0), float(rng.uniform(0.7, 2.5)))
    hardness = np.float32(rng.uniform(-0.6, 1.5))
    pixels = np.clip(styled + hardness * (styled - soft), 0, 255).astype(np.uint8)
    if rng.random() < 0.3:
        even = cv2.createCLAHE(float(rng.uniform(1, 4)), (4, 4))
        pixels = np.stack([even.apply(channel) for channel in cv2.split(pixels)], axis=2)
    return np.asarray(pixels, np.uint8)


def occlude(rng: np.random.Generator, image: Image) -> tuple[Image, Mask]:
    """Covers a part of the picture: a rectangle or an ellipse of one colour, noise or a piece of
    the picture.
    """
    height, width = image.shape[:2]
    w, h = (int(v) for v in rng.uniform(0.1, 0.45, 2) * (width, height))
    x, y = int(rng.integers(-w // 2, width - w // 2)), int(rng.integers(-h // 2, height - h // 2))
    mask = np.zeros((height, width), np.uint8)
    if rng.random() < 0.5:
        cv2.rectangle(mask, (x, y), (x + w, y + h), 255, -1)
    else:
        centre, axes = (x + w // 2, y + h // 2), (max(w // 2, 1), max(h // 2, 1))
        cv2.ellipse(mask, centre, axes, float(rng.uniform(0, 180)), 0, 360, 255, -1)
    covered = mask > 0
    return np.where(covered[:, :, None], _cover(rng, image), image), covered


def cover_side(rng: np.random.Generator, image: Image) -> tuple[Image, Mask]:
    """Covers the picture from one edge inwards, a quarter to three fifths of it: a scarf, a hand, a
    door frame.
    """
    turns = int(rng.integers(4))
    turned = np.rot90(image, turns).copy()
    depth = int(rng.uniform(0.25, 0.6) * len(turned))
    turned[:depth] = np.rot90(_cover(rng, image), turns)[:depth]
    covered = np.zeros(turned.shape[:2], bool)
    covered[:depth] = True
    return np.ascontiguousarray(np.rot90(turned, -turns)), np.rot90(covered, -turns)


def _cover(rng: np.random.Generator, image: Image) -> Image:
    """One colour, noise or the picture itself, shifted."""
    kind = rng.integers(3)
    if kind == 0:
        return np.broadcast_to(rng.integers(0, 256, 3).astype(np.uint8), image.shape)
    if kind == 1:
        return rng.integers(0, 256, image.shape, dtype=np.uint8)
    height, width = image.shape[:2]
    shift = (int(rng.integers(height)), int(rng.integers(width)))
    return np.roll(image, shift, axis=(0, 1))


def _light(rng: np.random.Generator, image: Image) -> Image:
    """Gamma, gain, offset and a colour cast in one table a channel; sometimes grey, as infrared
    cameras see.
    """
    levels = np.linspace(0, 1, 256, dtype=np.float32)
    gamma = np.exp(rng.normal(0, 0.25))
    gain, offset = rng.uniform(0.7, 1.3), rng.uniform(-0.12, 0.12)
    cast = rng.uniform(0.88, 1.12, 3)
    curve = ((levels**gamma - 0.5) * gain + 0.5 + offset)[:, None] * cast
    table = np.clip(curve * 255, 0, 255).astype(np.uint8)
    if rng.random() < 0.15:
        grey = (image @ _LUMA).astype(np.uint8)
        image = np.repeat(grey[:, :, None], 3, axis=2)
        table[:] = table[:, :1]
    return cv2.LUT(image, table.reshape(1, 256, 3)).astype(np.uint8, copy=False)


def _defocus_or_motion(rng: np.random.Generator, image: Image) -> Image:
    if rng.random() < 0.5:
        return cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.4, 1.8))).astype(np.uint8)
    length = int(rng.integers(3, 9))
    kernel = np.zeros((length, length), np.float32)
    angle = rng.uniform(0, np.pi)
    reach = (length - 1) / 2
    dx, dy = reach * np.cos(angle), reach * np.sin(angle)
    start = (round(reach - dx), round(reach - dy))
    cv2.line(kernel, start, (round(reach + dx), round(reach + dy)), 1.0)
    return cv2.filter2D(image, -1, kernel / kernel.sum()).astype(np.uint8)


def _lower_resolution(rng: np.random.Generator, image: Image) -> Image:
    height, width = image.shape[:2]
    factor = rng.uniform(0.25, 0.8)
    small = (max(2, round(width * factor)), max(2, round(height * factor)))
    shrunk = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
    return cv2.resize(shrunk, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.uint8)


def _sensor_noise(rng: np.random.Generator, image: Image) -> Image:
    noise = np.empty(image.shape, np.int16)
    cv2.setRNGSeed(int(rng.integers(2**31)))
    cv2.randn(noise, np.zeros(3), np.full(3, rng.uniform(2, 12)))
    return cv2.add(image, noise, dtype=cv2.CV_8U).astype(np.uint8, copy=False)


def _jpeg(rng: np.random.Generator, image: Image) -> Image:
    quality = int(rng.integers(15, 80))
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    return np.asarray(decoded, np.uint8)
