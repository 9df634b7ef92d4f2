"""A camera that a caller sends: refused where it cannot have taken the image."""

import math

from app.errors import InvalidParameter
from app.face.pnp import Camera

WIDEST = 170.0
"""Degrees of a field of view; also the most of `hfov_deg`."""
_MOST_STRETCHED = 2.0  # fx over fy, or the inverse: pixels of photographs are square, or nearly so
# Of a crop the principal point lies outside. Seen from it the image's nearest edge is no further
# from the axis than lenses reach that keep lines straight: 63 degrees.
_MOST_BESIDE = 2.0  # focal lengths
REMEDY = (
    "Send fx, fy, cx and cy in pixels of this image (not normalised, not millimetres), scaled and "
    "shifted as the image was, or hfov_deg instead."
)


def check_camera(camera: Camera, image: int, width: int, height: int) -> None:
    """InvalidParameter for a camera that no image of width x height pixels was taken with. image:
    its position in the request.
    """
    where = f"the {width} x {height} pixels of image {image}"
    stretch = camera.fx / camera.fy
    if not 1 / _MOST_STRETCHED <= stretch <= _MOST_STRETCHED:
        raise InvalidParameter(
            f"fx={camera.fx:g} and fy={camera.fy:g} differ by more than a factor of "
            f"{_MOST_STRETCHED:g}, which the pixels of no camera do. {REMEDY}"
        )
    for axis, size, focal, centre in (
        ("x", width, camera.fx, camera.cx),
        ("y", height, camera.fy, camera.cy),
    ):
        view = 2 * math.degrees(math.atan(size / (2 * focal)))
        if view > WIDEST:
            raise InvalidParameter(
                f"f{axis}={focal:g} is a field of view of {view:.1f} degrees over {where}; at most "
                f"{WIDEST:g} are possible. {REMEDY}"
            )
        beside = max(-0.5 - centre, centre - (size - 0.5))
        if beside > _MOST_BESIDE * focal:
            raise InvalidParameter(
                f"c{axis}={centre:g} lies {beside:.0f} pixels beside {where}, further than a "
                f"camera of f{axis}={focal:g} sees. {REMEDY}"
            )
