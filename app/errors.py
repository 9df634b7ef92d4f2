"""Every refusal the service can answer with, as one small tree.

One class per code of the HTTP contract. A class carries what never changes (status, stable code,
title); an instance carries `detail`, a sentence for the caller that says what was wrong *and what
to do about it*. One handler, registered for `MienError`, answers all of them:

    route   -> NotFound, UnknownModel,  decode -> UnsupportedMediaType, ImageUndecodable,
               MethodNotAllowed                   ImageTooManyPixels
    receive -> BodyTooLarge,            submit -> Overloaded, NotReady, DeadlineExceeded
               BodyTimeout              run    -> InternalError
    parse   -> InvalidParameter,        answer -> NoFace
               TooManyImages

This file is a leaf: it knows nothing of HTTP libraries, so that any layer may raise from it.
"""
# The class names are the codes of the contract; the base class already says that they are errors.
# ruff: noqa: N818

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

PROBLEM_MEDIA_TYPE = "application/problem+json"


class MienError(Exception):
    """Base of all errors that have an answer (RFC 9457).

    Attributes:
        status: HTTP status code.
        code: stable, machine-readable; the problem's `type` is `urn:mien:problem:<code>`.
        title: short, the same for every instance of the class.
        detail: what was wrong and what to do, for the caller; never holds internals.
        errors: one entry per fault where there are several, else None.
        headers: extra response headers.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Internal error"

    def __init__(
        self,
        detail: str,
        *,
        errors: Sequence[Mapping[str, Any]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = None if errors is None else [dict(error) for error in errors]
        self.headers = dict(headers or {})

    def problem(self, instance: str | None = None) -> dict[str, Any]:
        """The members of the problem document; `instance` is the request's id."""
        body: dict[str, Any] = {
            "type": f"urn:mien:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        if instance is not None:
            body["instance"] = instance
        if self.errors is not None:
            body["errors"] = self.errors
        return body


class BodyTooLarge(MienError):
    status, code, title = 413, "body-too-large", "Request body too large"


class BodyTimeout(MienError):
    status, code, title = 408, "request-timeout", "Request body took too long"


class UnsupportedMediaType(MienError):
    status, code, title = 415, "unsupported-media-type", "Unsupported media type"


class ImageUndecodable(MienError):
    status, code, title = 422, "image-undecodable", "Image cannot be decoded"


class ImageTooManyPixels(MienError):
    status, code, title = 422, "image-too-many-pixels", "Image has too many pixels"


class TooManyImages(MienError):
    status, code, title = 422, "too-many-images", "Too many images in one request"


class InvalidParameter(MienError):
    status, code, title = 422, "invalid-parameter", "Invalid parameter"


class NoFace(MienError):
    status, code, title = 422, "no-face", "No face found"


class UnknownModel(MienError):
    status, code, title = 404, "unknown-model", "Unknown model"


class NotFound(MienError):
    status, code, title = 404, "not-found", "Not found"


class MethodNotAllowed(MienError):
    status, code, title = 405, "method-not-allowed", "Method not allowed"


class _RetryableError(MienError):
    """An error that passes by itself: says in `Retry-After` (whole seconds) when to come back."""

    def __init__(
        self,
        detail: str,
        *,
        retry_after: int = 1,
        errors: Sequence[Mapping[str, Any]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(
            detail, errors=errors, headers={"Retry-After": str(retry_after), **(headers or {})}
        )


class Overloaded(_RetryableError):
    status, code, title = 503, "overloaded", "Service overloaded"


class NotReady(_RetryableError):
    status, code, title = 503, "not-ready", "Service not ready"


class DeadlineExceeded(MienError):
    status, code, title = 504, "deadline-exceeded", "Deadline exceeded"


class InternalError(MienError):
    """Our fault. The caller gets a fixed sentence; `reason` is for the log alone (`str(error)`)."""

    SENTENCE: ClassVar[str] = (
        "The service failed on this request. It has been logged under the request's id; "
        "try again, and report the id if it happens twice."
    )

    def __init__(self, reason: str = "unexpected error") -> None:
        super().__init__(self.SENTENCE)
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


class StartUpError(RuntimeError):
    """The service cannot start as configured. Never answered over HTTP: it ends the process."""


class LicenceError(StartUpError):
    """A configured model is not licensed for the use that was declared."""


class ProviderError(StartUpError):
    """The execution provider that was asked for is not the one that was obtained."""
