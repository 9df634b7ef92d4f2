"""POST /landmarks, /pose and /analyze: one way for all three, they differ in what they answer."""

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.analysis import Analyzer
from app.answers import answer, timings
from app.concurrency import in_thread
from app.errors import DeadlineExceeded
from app.intake import json_text
from app.intake.admission import Admission
from app.intake.body import unless_gone
from app.intake.parsing import read_images
from app.observability.observer import Trace, trace_of
from app.options import BLOCKS, Options, Query, options_of
from app.readiness import Readiness
from app.results import ImageResult, ModelIdentity
from app.routes.documentation import problems, request_body
from app.routes.parameters import described, read_deadline, read_query
from app.schemas import Answer
from app.settings import LimitSettings

router = APIRouter(tags=["analysis"])

_MANY_FACES = 32  # some 5 ms of work; below it a thread would cost more than it saves

_DOCUMENTED: dict[str, Any] = {
    "response_model": Answer,
    "responses": problems(),
    "openapi_extra": {"parameters": described(), "requestBody": request_body()},
}


@router.post("/landmarks", summary="Faces and their landmarks", **_DOCUMENTED)
async def landmarks(request: Request) -> Response:
    return await _answer(request, ("landmarks",))


@router.post("/pose", summary="Faces and where their heads point", **_DOCUMENTED)
async def pose(request: Request) -> Response:
    return await _answer(request, ("pose",))


@router.post("/analyze", summary="Everything at once", **_DOCUMENTED)
async def analyze(request: Request) -> Response:
    return await _answer(request, BLOCKS)


async def _answer(request: Request, blocks: tuple[str, ...]) -> Response:
    query, deadline_ms = read_query(request), read_deadline(request)
    readiness: Readiness[Analyzer] = request.app.state.readiness
    limits: LimitSettings = request.app.state.settings.limits
    trace = trace_of(request.scope)
    analyzer = readiness.get()
    options = options_of(query, blocks, limits.max_faces)
    model = analyzer.identity(options)
    deadline = None if deadline_ms is None else _moment(trace, deadline_ms)
    try:
        async with asyncio.timeout_at(deadline):
            results, detector = await _analyze(request, query, analyzer, options, limits, deadline)
    except TimeoutError:
        raise DeadlineExceeded(
            f"The answer would have come later than X-Deadline-Ms: {deadline_ms:g} allows. Allow "
            "more time, or send fewer or smaller images."
        ) from None

    def encoded() -> bytes:
        value = answer(trace.id, model, detector, results, options.blocks, options.convention)
        value["timings_ms"] = timings(trace.stages, trace.elapsed_ms)
        return json_text.dump(value)

    # Many faces take a while to write down; other callers, and probes, are not to wait for that.
    body = await in_thread(None, encoded) if trace.faces > _MANY_FACES else encoded()
    return Response(body, media_type="application/json")


async def _analyze(
    request: Request,
    query: Query,
    analyzer: Analyzer,
    options: Options,
    limits: LimitSettings,
    deadline: float | None,
) -> tuple[list[ImageResult], ModelIdentity | None]:
    trace = trace_of(request.scope)
    receiving: Admission = request.app.state.receiving
    analysing: Admission = request.app.state.analysing
    # A body on its way costs next to nothing, so slow callers do not take the places of work.
    with receiving.admit(), trace.stage("receive"):
        images = await read_images(request, query.box, limits)
    with analysing.admit():
        work = analyzer.analyze(images, options, trace, deadline)
        results = await unless_gone(work, request.receive)
    return results, analyzer.detector_identity(images)


def _moment(trace: Trace, milliseconds: float) -> float:
    """Event-loop time so many milliseconds after the request arrived."""
    return asyncio.get_running_loop().time() + (milliseconds - trace.elapsed_ms) / 1000
