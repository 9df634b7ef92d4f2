"""`to_euler` and `to_quaternion` for one rotation, in plain numbers: numpy takes ten times as long
for a single one, and every face that is answered has one.
"""

import math

from app.face.rotation_forms import Array

LOCKED = 1e-7  # cosine of the pitch below which yaw and roll are one turn


def euler_of(rotation: Array) -> tuple[float, float, float]:
    """(3, 3) -> yaw, pitch, roll in degrees, as `app.face.rotation.to_euler`."""
    (xx, _, xz), (yx, _, yz), (zx, _, zz) = rotation.tolist()
    level = math.hypot(xz, zz)
    pitch = math.atan2(yz, level)
    if level < LOCKED:
        return _degrees(math.atan2(zx, xx)), math.degrees(pitch) + 0.0, 0.0
    yaw = math.atan2(-xz, zz)
    sine, cosine = math.sin(yaw), math.cos(yaw)
    along_x = xx * cosine + zx * sine
    along_y = (xx * sine - zx * cosine) * math.sin(pitch) + yx * math.cos(pitch)
    return _degrees(yaw), math.degrees(pitch) + 0.0, _degrees(math.atan2(along_y, along_x))


def quaternion_of(rotation: Array) -> tuple[float, float, float, float]:
    """(3, 3) -> (w, x, y, z) with w >= 0, as `app.face.rotation.to_quaternion`."""
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = rotation.tolist()
    # 4 q q^T: each row is the quaternion times one of its components; the largest is the exact one.
    squares = 1 + xx + yy + zz, 1 + xx - yy - zz, 1 - xx + yy - zz, 1 - xx - yy + zz
    wx, wy, wz = zy - yz, xz - zx, yx - xy
    x_y, x_z, y_z = yx + xy, xz + zx, zy + yz
    rows = (
        (squares[0], wx, wy, wz),
        (wx, squares[1], x_y, x_z),
        (wy, x_y, squares[2], y_z),
        (wz, x_z, y_z, squares[3]),
    )
    row = rows[squares.index(max(squares))]
    length = math.hypot(*row) * (-1.0 if row[0] < 0 else 1.0)
    w, x, y, z = (value / length + 0.0 for value in row)
    return w, x, y, z


def _degrees(radians: float) -> float:
    """Degrees in (-180, 180], without a negative zero."""
    degrees = math.degrees(radians)
    return 180.0 if degrees <= -180.0 else degrees + 0.0
