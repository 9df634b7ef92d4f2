"""What a model card has to say about a data set."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """Provenance of one data set.

    edition: "free" where weights trained on it may be used for anything, "research" otherwise.
    """

    name: str
    title: str
    licence: str
    edition: Literal["free", "research"]
    citation: str


def read_labels(root: Path) -> Mapping[str, Any]:
    """The arrays of `root/labels.npz`; FileNotFoundError says what is expected where."""
    path = root / "labels.npz"
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: {root} must hold images/ and labels.npz")
    with np.load(path, allow_pickle=True) as labels:
        return {name: labels[name] for name in labels.files}
