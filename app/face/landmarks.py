"""The landmark schemes by name."""

from collections.abc import Mapping
from types import MappingProxyType

from app.face.landmark_scheme import NAMED, LandmarkScheme
from app.face.schemes.aflw_21 import AFLW_21
from app.face.schemes.five import FIVE
from app.face.schemes.ibug_68 import IBUG_68
from app.face.schemes.muct_76 import MUCT_76

__all__ = ["NAMED", "SCHEMES", "LandmarkScheme", "scheme"]

SCHEMES: Mapping[str, LandmarkScheme] = MappingProxyType(
    {entry.name: entry for entry in (IBUG_68, MUCT_76, AFLW_21, FIVE)}
)


def scheme(name: str) -> LandmarkScheme:
    """The scheme of that name. ValueError, naming the known ones, when there is none."""
    try:
        return SCHEMES[name]
    except KeyError:
        known = ", ".join(SCHEMES)
        raise ValueError(f"Unknown landmark scheme. Known: {known}. Received: {name!r}") from None
