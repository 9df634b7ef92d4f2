"""GET /metrics, for Prometheus."""

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from starlette.responses import Response

from app.observability.exposition import Exposition

router = APIRouter(tags=["health"])


@router.head("/metrics", include_in_schema=False)
@router.get(
    "/metrics",
    summary="Counts and times",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(request: Request) -> Response:
    """All workers together, in Prometheus' text format; needs no model to be loaded."""
    exposition: Exposition = request.app.state.exposition
    return Response(exposition.text(), headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})
