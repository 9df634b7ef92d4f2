"""Contact sheets of rendered samples, to look at: `python -m training.synthetic.sheet --help`."""

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.contact_sheet import contact_sheet, save_picture
from training.synthetic.shard_files import read_shards

_SEEN, _HIDDEN = (60, 230, 60), (240, 60, 60)


def sheet(folder: Path, first: int, count: int, columns: int, labels: bool) -> NDArray[np.uint8]:
    """`count` samples of a folder of shards from index `first` on, as one RGB picture.

    labels: with the 68 points, green where they are visible.
    """
    tiles: list[NDArray[np.uint8]] = []
    for shard in read_shards(folder):
        for row in np.flatnonzero((shard["index"] >= first) & (shard["index"] < first + count)):
            tile = shard["images"][row]
            if labels:
                tile = _marked(tile, shard["points"][row], shard["visible"][row])
            tiles.append(tile)
    return contact_sheet(tiles, columns)


def _marked(
    image: NDArray[np.uint8], points: NDArray[np.float64], visible: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    marked = image.copy()
    for (x, y), seen in zip(points, visible, strict=True):
        cv2.circle(marked, (round(x), round(y)), 1, _SEEN if seen else _HIDDEN, -1)
    return marked


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Put rendered samples side by side.")
    parser.add_argument("--renders", type=Path, required=True, help="folder of shards")
    parser.add_argument("--out", type=Path, required=True, help="picture to write, .jpg or .png")
    parser.add_argument("--first", type=int, default=0, help="index of the first sample")
    parser.add_argument("--count", type=int, default=96)
    parser.add_argument("--columns", type=int, default=12)
    parser.add_argument("--labels", action="store_true", help="draw the 68 points")
    options = parser.parse_args()
    picture = sheet(options.renders, options.first, options.count, options.columns, options.labels)
    save_picture(options.out, picture)


if __name__ == "__main__":
    main()
