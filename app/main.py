"""The application: settings in, a FastAPI app out. Nothing happens at import.

python -m app serve
uvicorn --factory app.main:app_from_environment    (without the bounds of app.server)
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi

from app import problems, self_test
from app.admission import Admission
from app.analysis import Analyzer, open_analyzer
from app.body import BodyLimit, ByteBudget
from app.errors import ProviderError
from app.face.card import CardError
from app.images import silence_codecs
from app.logs import configure_logging
from app.models import OpenModels, load_models
from app.observability import LogObserver, Observability, Observer
from app.problems import Problems
from app.readiness import Readiness, without_folders
from app.routes import analysis, health, inference_protocol, models
from app.routes.documentation import complete
from app.settings import Settings

_DESCRIPTION = """Where a face is, where its landmarks are and which way the head points.

The analysis, /models and the probes are also reachable under /v1. Pixels are those of the upright
image (EXIF applied), 0-based, centres at integers; angles are degrees; left and right are the
subject's."""


def create_app(settings: Settings, observer: Observer | None = None) -> FastAPI:
    """The application for these settings; models are loaded when it starts, not here."""
    app = FastAPI(
        title="mien",
        version=inference_protocol.release(),
        description=_DESCRIPTION,
        lifespan=_lifespan,
        redoc_url=None,
        redirect_slashes=False,  # a client that follows a redirect with its POST is rare
    )
    app.state.settings = settings
    app.state.observer = observer or LogObserver()
    app.state.readiness = Readiness[Analyzer](
        "The models are being loaded. Try again in some seconds."
    )
    app.state.receiving = Admission(settings.limits.max_receiving, "being received")
    app.state.analysing = Admission(settings.limits.max_requests, "being analysed")
    v1 = APIRouter(prefix="/v1", include_in_schema=False)
    for module in (analysis, health, models):
        app.include_router(module.router)
        v1.include_router(module.router)
    app.include_router(v1)
    app.include_router(inference_protocol.router)
    problems.install(app)
    app.state.budget = ByteBudget(settings.limits.max_buffered_bytes)
    # The last one added is the outermost.
    app.add_middleware(BodyLimit, limits=settings.limits, budget=app.state.budget)
    app.add_middleware(Problems)
    app.add_middleware(Observability, observer=app.state.observer)
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
    if settings.inference.device not in ("auto", "cpu"):
        # A device that was named and not obtained ends the start-up, so this must be known first.
        await asyncio.wait({loading})
        if isinstance(error := loading.exception(), ProviderError):
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
    log = logging.getLogger("mien.start")
    readiness: Readiness[Analyzer] = app.state.readiness
    settings: Settings = app.state.settings
    observer: Observer = app.state.observer
    try:
        opened = await loading
        async with open_analyzer(opened, settings, observer.batch) as analyzer:
            if settings.self_test:
                readiness.set_unready("The self-test is running. Try again in some seconds.")
                folder = settings.models_dir / self_test.FOLDER
                usual = analyzer.models.detector.detector.usual_size
                await self_test.run(analyzer.analyze, hashes(analyzer), folder, usual_size=usual)
            if not stop.is_set():
                readiness.set_ready(analyzer)
                log.info("ready", extra={"facts": {"models": hashes(analyzer)}})
            await stop.wait()
    except (CardError, ProviderError, self_test.SelfTestError) as error:
        readiness.set_unready(without_folders(str(error), settings.models_dir))
        log.error("not ready: %s", error)
    except Exception as error:
        readiness.set_unready("The models cannot be served. The reason is in the log.")
        log.error("not ready: the start failed", exc_info=error)


def hashes(analyzer: Analyzer) -> dict[str, str]:
    """Name -> SHA-256 of every loaded model."""
    return {name: model.card.file.sha256 for name, model in analyzer.models.all.items()}


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
