"""The application: settings in, a FastAPI app out. Nothing happens at import.

python -m app serve
uvicorn --factory app.main:app_from_environment    (without the bounds of app.processes.server)
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import onnxruntime
from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from app import problems, self_test
from app.analysis import Analyzer, open_analyzer
from app.errors import LicenceError, ProviderError, StartUpError
from app.face.card import CardError
from app.images.decoding import silence_codecs
from app.inference.model import Model
from app.intake.admission import Admission
from app.intake.body import BodyLimit, ByteBudget
from app.models import Models
from app.observability.exposition import Exposition
from app.observability.logs import configure_logging
from app.observability.metrics import Metrics
from app.observability.observer import LogObserver, Observability, Observer, Observers
from app.open_models import OpenModels, load_models
from app.problems import Problems
from app.processes.channel import News
from app.processes.crew import Crew, WorkerState
from app.processes.seat import Seat
from app.readiness import Readiness, without_folders
from app.routes import analysis, docs, health, inference_protocol, metrics, models
from app.routes.documentation import complete
from app.settings import Settings

QUEUE_LOOK_SECONDS = 0.5
"""How often the lengths of the queues are written down for /metrics."""

_VERSIONED = (analysis.router, health.router, models.router)
"""Reachable under /v1 too."""
_UNVERSIONED = (docs.router, inference_protocol.router, metrics.router)

_DESCRIPTION = """Where a face is, where its landmarks are and which way the head points.

The analysis, /models and the probes are also reachable under /v1. Pixels are those of the upright
image (EXIF applied), 0-based, centres at integers; angles are degrees; left and right are the
subject's."""


def create_app(
    settings: Settings, observer: Observer | None = None, seat: Seat | None = None
) -> FastAPI:
    """The application for these settings; models are loaded when it starts, not here.

    observer: in place of the log. seat: its place among several workers; none: it is the only one.
    """
    app = FastAPI(
        title="mien",
        version=inference_protocol.release(),
        description=_DESCRIPTION,
        lifespan=_lifespan,
        docs_url=None,  # app.routes.docs
        redoc_url=None,
        redirect_slashes=False,  # a client that follows a redirect with its POST is rare
    )
    seat = seat or Seat(Crew(1))
    readiness = Readiness[Analyzer](
        "The models are being loaded. Try again in some seconds.", lambda: seat.opened
    )
    app.state.settings = settings
    app.state.seat = seat
    app.state.metrics = Metrics(seat.ledger)
    app.state.observer = Observers(app.state.metrics, observer or LogObserver())
    app.state.readiness = readiness
    app.state.exposition = Exposition(seat.crew, _build(), lambda: _loaded(readiness))
    app.state.receiving = Admission(settings.limits.max_receiving, "being received")
    app.state.analysing = Admission(settings.limits.max_requests, "being analysed")
    v1 = APIRouter(prefix="/v1", include_in_schema=False)
    for router in _VERSIONED:
        app.include_router(router)
        v1.include_router(router)
    app.include_router(v1)
    for router in _UNVERSIONED:
        app.include_router(router)
    problems.install(app)
    app.state.budget = ByteBudget(settings.limits.max_buffered_bytes)
    # The last one added is the outermost.
    app.add_middleware(BodyLimit, limits=settings.limits, budget=app.state.budget)
    app.add_middleware(Problems)
    app.add_middleware(Observability, observer=app.state.observer, paths=_paths(app))
    app.openapi = _openapi(app)  # type: ignore[method-assign]
    return app


def app_from_environment() -> FastAPI:
    """For `uvicorn --factory`: settings from MIEN_*, log lines as JSON."""
    settings = Settings()
    configure_logging(settings.server.log_level)
    return create_app(settings)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Serve at once, get ready in the background; on the way out answer what was accepted."""
    silence_codecs()
    settings: Settings = app.state.settings
    stop = asyncio.Event()
    loading = asyncio.ensure_future(asyncio.to_thread(load_models, settings))
    inference = settings.inference
    named = inference.device not in ("auto", "cpu") or inference.precision not in ("auto", "fp32")
    if named or settings.commercial_use:
        # What was named and not obtained ends the start-up, so this must be known first.
        await asyncio.wait({loading})
        ending = StartUpError if named else LicenceError
        if isinstance(error := loading.exception(), ending):
            logging.getLogger("mien.start").critical("%s", error)
            raise error
    serving = asyncio.create_task(_serve(app, loading, stop))
    try:
        yield
    finally:
        app.state.readiness.set_unready("The service is shutting down. Try again soon.")
        stop.set()
        await serving


async def _serve(app: FastAPI, loading: asyncio.Future[OpenModels], stop: asyncio.Event) -> None:
    """From loaded models to readiness, until told to stop. Ends itself never: it says why it
    waits.
    """
    seat: Seat = app.state.seat
    readiness: Readiness[Analyzer] = app.state.readiness
    settings: Settings = app.state.settings
    observer: Observer = app.state.observer
    try:
        opened = await loading
        async with open_analyzer(opened, settings, observer.batch) as analyzer:
            if settings.self_test:
                readiness.set_unready("The self-test is running. Try again in some seconds.")
                folder = settings.models_dir / self_test.FOLDER
                await self_test.run(
                    analyzer.analyze,
                    hashes(analyzer),
                    folder,
                    detects=analyzer.models.detector is not None,
                    usual_size=analyzer.models.usual_size,
                    exact=analyzer.models.exact,
                )
            if not stop.is_set():
                readiness.set_ready(analyzer)
                seat.tell(News(WorkerState.READY, models=_running(analyzer)))
            await _watch_queues(analyzer.models, app.state.metrics, stop)
    except (CardError, ProviderError, self_test.SelfTestError) as error:
        readiness.set_unready(without_folders(str(error), settings.models_dir))
        seat.tell(News(WorkerState.UNREADY, why=str(error)))
    except Exception as error:
        readiness.set_unready("The models cannot be served. The reason is in the log.")
        logging.getLogger("mien.start").error("not ready: the start failed", exc_info=error)
        seat.tell(News(WorkerState.UNREADY))


async def _watch_queues(models: Models, metrics: Metrics, stop: asyncio.Event) -> None:
    """Until told to stop, write down now and then how many items wait in front of each model."""
    while not stop.is_set():
        metrics.queues(models.waiting)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), QUEUE_LOOK_SECONDS)


def hashes(analyzer: Analyzer) -> dict[str, str]:
    """Name -> SHA-256 of every loaded model, by its file in fp32, whatever precision runs."""
    return {name: model.card.file.sha256 for name, model in analyzer.models.all.items()}


def _running(analyzer: Analyzer) -> dict[str, str]:
    """Name -> SHA-256 of the files that run."""
    return {name: model.sha256 for name, model in analyzer.models.all.items()}


def _loaded(readiness: Readiness[Analyzer]) -> dict[str, Model]:
    return {} if readiness.value is None else readiness.value.models.all


def _build() -> dict[str, str]:
    return {"version": inference_protocol.release(), "onnxruntime": onnxruntime.__version__}


def _paths(app: FastAPI) -> dict[str, str]:
    """Every path of the service and its template, which is without /v1."""
    alone = [app.routes, *(router.routes for router in _UNVERSIONED)]
    versioned = [router.routes for router in _VERSIONED]

    def of(routes: list[list[BaseRoute]]) -> list[str]:
        paths = [getattr(route, "path", "") for some in routes for route in some]
        return [path for path in paths if path]

    under_v1 = {f"/v1{path}": path for path in of(versioned)}
    return under_v1 | {path: path for path in of([*alone, *versioned])}


def _openapi(app: FastAPI) -> Callable[[], dict[str, Any]]:
    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
                separate_input_output_schemas=False,
            )
            app.openapi_schema = complete(schema)
        return app.openapi_schema

    return openapi
