"""Labels of many samples as arrays: every field of a dataclass becomes a column."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


def columns(rows: Sequence[object]) -> dict[str, NDArray[Any]]:
    """One array per field, (n, ...), of n dataclass instances of the same kind.

    A field that is a dataclass or a mapping itself gives columns named "field.inner". Raises
    ValueError where rows differ in shape, and TypeError for a value that is no number, flag or
    text.
    """
    names: dict[str, list[Any]] = {}
    for row in rows:
        for name, value in _leaves(row, ""):
            names.setdefault(name, []).append(value)
    gathered = {name: np.array(values) for name, values in names.items()}
    for name, array in gathered.items():
        if len(array) != len(rows):
            raise ValueError(f"only {len(array)} of {len(rows)} samples have {name!r}")
        if array.dtype == object:
            raise TypeError(f"{name!r} cannot be stored as an array")
    return gathered


def _leaves(value: object, name: str) -> Iterator[tuple[str, Any]]:
    prefix = f"{name}." if name else ""
    if is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from _leaves(getattr(value, field.name), prefix + field.name)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, prefix + str(key))
    else:
        yield name, value
