"""The parameters of the analysis endpoints: read from a request, and described for OpenAPI.

FastAPI could do both, but it looks at the type of every parameter again in every request: for these
fifteen that took longer than everything else between the socket and the analysis (measured: 110 of
210 microseconds; what is here takes 1 without a query and 15 with one).
"""

from typing import Annotated, Any, Final

from pydantic import Field, TypeAdapter, ValidationError
from starlette.requests import Request

from app.faults import invalid_parameters, unknown_among
from app.options import Query, refuse_repeats

DEADLINE: Final = "X-Deadline-Ms"
_DeadlineMs = Annotated[
    float,
    Field(
        gt=0,
        le=3_600_000,
        allow_inf_nan=False,
        description="Milliseconds from the arrival of the request; an answer that would come later "
        "is not computed (504).",
    ),
]
_DEADLINE_MS: Final = TypeAdapter[float](_DeadlineMs)
_DEFAULTS: Final = Query()


def read_query(request: Request) -> Query:
    """InvalidParameter names what is unknown, wrong, or given twice."""
    if not request.scope["query_string"]:
        return _DEFAULTS
    given = request.query_params.multi_items()
    values: dict[str, Any] = dict(given)
    if "box" in values:
        values["box"] = [value for name, value in given if name == "box"]
    try:
        query = Query.model_validate(values)
    except ValidationError as error:
        known = unknown_among(Query.model_fields)
        raise invalid_parameters(error.errors(include_url=False), known) from None
    refuse_repeats(name for name, _ in given)
    return query


def read_deadline(request: Request) -> float | None:
    """Milliseconds from the arrival; None where no deadline was sent."""
    text = request.headers.get(DEADLINE)
    if text is None:
        return None
    try:
        return _DEADLINE_MS.validate_python(text)
    except ValidationError as error:
        faults = [{**fault, "loc": (DEADLINE,)} for fault in error.errors(include_url=False)]
        raise invalid_parameters(faults, unknown_among(())) from None


def described() -> list[dict[str, Any]]:
    """The OpenAPI parameter objects."""
    fields = Query.model_json_schema()["properties"]
    schemas = [("query", name, schema) for name, schema in fields.items()]
    schemas.append(("header", DEADLINE, _DEADLINE_MS.json_schema()))
    return [
        {
            "name": name,
            "in": place,
            "required": False,
            "schema": schema,
            "description": schema["description"],
        }
        for place, name, schema in schemas
    ]
