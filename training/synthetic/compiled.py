"""Numba behind one typed door, so that strict typing holds for what it compiles."""

from collections.abc import Callable
from typing import TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """Compiles a numeric function at its first call and keeps the result on disk.

    IEEE arithmetic is kept (no fastmath) so that the same seed gives the same bytes.
    """
    return cast(F, numba.njit(cache=True, fastmath=False)(function))
