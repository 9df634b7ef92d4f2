"""pydantic's faults -> one InvalidParameter of bounded size."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.errors import InvalidParameter

_MOST = 10  # faults listed: who makes more knows after ten
_LONGEST_NAME = 80  # characters: names may be the caller's own and as long as the body


def invalid_parameters(
    faults: Sequence[Mapping[str, Any]], known: Iterable[str]
) -> InvalidParameter:
    """One error whose detail names each parameter at fault and what is expected of it.

    faults: as pydantic lists them. known: names to offer in place of an unknown one.
    """
    entries = []
    for fault in faults[:_MOST]:
        message = str(fault["msg"])
        if fault["type"] == "extra_forbidden":
            message = f"Unknown parameter. Known: {', '.join(known)}"
        entries.append({"parameter": _name(fault["loc"]), "message": message})
    detail = "; ".join(f"{entry['parameter']}: {entry['message']}" for entry in entries)
    more = f"; and {len(faults) - _MOST} more" if len(faults) > _MOST else ""
    return InvalidParameter(
        f"{detail}{more}. Correct it and send the request again.", errors=entries
    )


def _name(location: Sequence[str | int]) -> str:
    """`query.fx` -> fx, as the caller knows it; a long name is cut."""
    parts = location[1:] if location[:1] in (("query",), ("header",)) else location
    return ".".join(str(part)[:_LONGEST_NAME] for part in parts) or "body"
