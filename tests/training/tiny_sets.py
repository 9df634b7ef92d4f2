"""Data sets of a few pictures, in the layout that training reads."""

from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import cv2
import numpy as np

from tests.training.made_up_series import OpenMadeUp
from training.synthetic.shards import write_samples

SIDE = 120


def write_set(root: Path, names: list[str], **labels: Any) -> None:
    (root / "images").mkdir(parents=True)
    for index, name in enumerate(names):
        picture = np.full((SIDE, SIDE, 3), 40 + 10 * index % 200, np.uint8)
        assert cv2.imwrite(str(root / "images" / name), picture)
    np.savez(root / "labels.npz", filename=np.array(names), **labels)


def write_renders(folder: Path, count: int, source: str = "renders") -> Path:
    facts = {"source": source, "edition": "free", "terms": "none"}
    write_samples(OpenMadeUp(), {"seed": 1}, facts, folder, count)
    return folder


def write_ibug_large(root: Path, names: list[str], parts: int = 68, *, test: bool = False) -> Path:
    """One of dlib's two lists of 300-W, and the pictures that it names."""
    body = ""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(root / name), np.full((48, 64, 3), 128, np.uint8))
        # dlib writes parts in the order of their names; readers must not rely on it.
        points = "".join(
            f"      <part name='{i:02d}' x='{10 + i}' y='{200 - i}'/>\n"
            for i in reversed(range(parts))
        )
        body += (
            f"  <image file={quoteattr(name)} width='64' height='48'>\n"
            f"    <box top='78' left='74' width='138' height='140'>\n{points}    </box>\n"
            "  </image>\n"
        )
    path = root / f"labels_ibug_300W_{'test' if test else 'train'}.xml"
    path.write_text(
        "<?xml version='1.0' encoding='ISO-8859-1'?>\n"
        "<?xml-stylesheet type='text/xsl' href='image_metadata_stylesheet.xsl'?>\n"
        "<dataset>\n<name>iBUG face point dataset</name>\n<comment>none</comment>\n"
        f"<images>\n{body}</images>\n</dataset>\n"
    )
    return path


def write_pointing(root: Path) -> None:
    """Persons 1, 2 (train), 9 (validation) and 11 (test), looking to either side; one straight up.

    The set's boxes, by their middles, reach from the brows to the mouth.
    """
    people = [1, 1, 2, 2, 9, 9, 11]
    poses = [(0, -30), (90, 0), (15, 30), (0, 0), (-30, 45), (0, 0), (0, 0)]
    write_set(
        root,
        [f"person{person:02d}-{index}.png" for index, person in enumerate(people)],
        tilt_pan=np.array(poses),
        face_raw=np.tile([60, 62, 40, 36], (len(people), 1)),
        identity=np.array(people),
        series=np.ones(len(people), int),
    )
