"""Errors -> application/problem+json: the only place where an exception becomes an answer.

Every `MienError` of the tree is caught by `Problems`, a layer just inside `Observability`, so that
errors of the body limit and of the routes take the same way. Anything else is a fault of ours: a
fixed sentence for the caller, the traceback for the log. What FastAPI itself refuses (query
parameters, unknown paths, wrong methods) is translated into the tree by two handlers.
"""

import asyncio
import logging
from typing import Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import (
    PROBLEM_MEDIA_TYPE,
    InternalError,
    InvalidParameter,
    MethodNotAllowed,
    MienError,
    NotFound,
    NotReady,
)
from app.faults import invalid_parameters, unknown_among
from app.intake import json_text
from app.observability.observer import trace_of
from app.options import Query

_LONGEST_PATH: Final = 80  # characters of a caller's path that are repeated to it


def problem_response(error: MienError, request_id: str) -> Response:
    """The answer for an error."""
    return Response(
        json_text.dump(error.problem(request_id)),
        status_code=error.status,
        headers=error.headers,
        media_type=PROBLEM_MEDIA_TYPE,
    )


class Problems:
    """ASGI layer: answers exceptions of everything inside it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._log = logging.getLogger("mien.error")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, _quiet(send))
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False
        error: MienError

        async def send_and_note(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, send_and_note)
        except ClientDisconnect:
            raise
        except asyncio.CancelledError:
            if started:
                raise
            # A shutdown whose time is up. The task ends here in any case; raised further, the
            # server would answer plain text and log a traceback.
            error = NotReady(
                "The service is shutting down and could not finish this request. Send it again."
            )
        except MienError as raised:
            error = raised
            if isinstance(error, InternalError):
                self._report(scope, error)
        except Exception as raised:
            self._report(scope, raised)
            error = InternalError()
        else:
            return
        if started:
            # Half an answer is out; the server closes the connection when it is not completed.
            raise error
        trace = trace_of(scope)
        trace.code = error.code
        await problem_response(error, trace.id)(scope, receive, send)

    def _report(self, scope: Scope, error: Exception) -> None:
        facts = {"request_id": trace_of(scope).id, "path": scope["path"]}
        self._log.error("request failed: %s", error, exc_info=error, extra={"facts": facts})


def _quiet(send: Send) -> Send:
    """A start that fails has said why in one line; the server need not add the traceback."""

    async def send_without_traceback(message: Message) -> None:
        if message["type"] == "lifespan.startup.failed":
            message = {**message, "message": ""}
        await send(message)

    return send_without_traceback


def install(app: FastAPI) -> None:
    """Make FastAPI's own refusals part of the error tree."""
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return _answer(request, invalid_parameters(error.errors(), unknown_among(Query.model_fields)))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = error.headers
    if error.status_code == 404:
        path = request.url.path
        slash = " Paths end without a slash." if path.endswith("/") else ""
        asked = f"There is nothing at {path[:_LONGEST_PATH]!r}."
        detail = f"{asked}{slash} /docs and /openapi.json list what there is."
        return _answer(request, NotFound(detail, headers=headers))
    if error.status_code == 405:
        allowed = (headers or {}).get("Allow", "another method")
        detail = f"{request.method} is not possible here. Use {allowed}."
        return _answer(request, MethodNotAllowed(detail, headers=headers))
    return _answer(request, InvalidParameter(str(error.detail), headers=headers))


def _answer(request: Request, error: MienError) -> Response:
    trace = trace_of(request.scope)
    trace.code = error.code
    return problem_response(error, trace.id)
