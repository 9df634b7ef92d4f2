"""pydantic's faults -> one InvalidParameter of bounded size."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from app.errors import InvalidParameter

_MOST = 10  # faults listed: who makes more knows after ten
_LONGEST_NAME = 80  # characters: names may be the caller's own and as long as the body


Place = Sequence[str | int]
"""Of a fault: the names and indices that lead to it."""


def invalid_parameters(
    faults: Sequence[Mapping[str, Any]], unknown: Callable[[Place], str]
) -> InvalidParameter:
    """One error whose detail names each parameter at fault and what is expected of it.

    faults: as pydantic lists them. unknown: what to say of a name that is none at its place.
    """
    entries = []
    for fault in faults[:_MOST]:
        message = str(fault["msg"])
        if fault["type"] == "extra_forbidden":
            message = unknown(fault["loc"])
        entries.append({"parameter": _name(fault["loc"]), "message": message})
    detail = "; ".join(f"{entry['parameter']}: {entry['message']}" for entry in entries)
    more = f"; and {len(faults) - _MOST} more" if len(faults) > _MOST else ""
    return InvalidParameter(
        f"{detail}{more}. Correct it and send the request again.", errors=entries
    )


def unknown_among(known: Iterable[str]) -> Callable[[Place], str]:
    """For `invalid_parameters`, where the same names are known everywhere."""
    return lambda _: f"Unknown parameter. Known: {', '.join(known)}"


def _name(location: Place) -> str:
    """`query.fx` -> fx, as the caller knows it; a long name is cut."""
    parts = location[1:] if location[:1] in (("query",), ("header",)) else location
    return ".".join(str(part)[:_LONGEST_NAME] for part in parts) or "body"
