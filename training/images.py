"""Reading photographs of the data sets."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """The stored image as (H, W, 3) RGB uint8; orientation tags are not applied, labels refer to
    stored pixels.

    A path "many.npy/17" is picture 17 of an array (n, H, W, 3), as rendered sets keep them. Raises
    FileNotFoundError when there is no such file, ValueError when it is no image.
    """
    if path.parent.suffix == ".npy" and path.parent.is_file():
        return np.array(np.load(path.parent, mmap_mode="r")[int(path.name)])
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is missing: is --data the folder that holds the data sets?"
        )
    image = cv2.imread(str(path), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    if image is None:
        raise ValueError(f"{path} cannot be decoded as an image: fetch the data set again")
    return np.ascontiguousarray(image[:, :, ::-1])
