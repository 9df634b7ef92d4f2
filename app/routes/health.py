"""Probes: GET /livez and /readyz."""

from fastapi import APIRouter, Request

from app.analysis import Analyzer
from app.readiness import Readiness
from app.routes.documentation import problems
from app.schemas import Live, Ready

router = APIRouter(tags=["health"])


@router.head("/livez", include_in_schema=False)
@router.get("/livez", summary="Does the process answer?")
async def livez() -> Live:
    return Live(status="live")


@router.head("/readyz", include_in_schema=False)
@router.get("/readyz", summary="May it get requests?", responses=problems(503))
async def readyz(request: Request) -> Ready:
    """200 once the models are loaded, on the right device, and the self-test has passed."""
    readiness: Readiness[Analyzer] = request.app.state.readiness
    return Ready(status="ready", models=list(readiness.get().models.all))
