"""The request body: counted while it arrives, never more than allowed, never on disk.

`BodyLimit` is a pure ASGI layer. It refuses a body by its declared length before a byte is read,
counts what really arrives (a declared length may be wrong or missing), holds the bytes of all
requests together under one budget, and gives up on a body that does not arrive in time or of which
nothing arrives for a while.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any, TypeVar

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import BodyTimeout, BodyTooLarge, Overloaded
from app.settings import LimitSettings

T = TypeVar("T")


class ByteBudget:
    """Body bytes that all requests together hold in memory."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.held = 0

    def take(self, count: int) -> None:
        if self.held + count > self.limit:
            raise Overloaded(
                "The service holds as many request bodies as its memory allows. Try again shortly."
            )
        self.held += count

    def give(self, count: int) -> None:
        self.held -= count


class BodyLimit:
    """ASGI layer around everything that reads a body."""

    def __init__(self, app: ASGIApp, limits: LimitSettings, budget: ByteBudget) -> None:
        self.app = app
        self.limits = limits
        self.budget = budget

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isascii() and declared.isdigit() and int(declared) > self.limits.max_body_bytes:
            raise self.too_large()
        body = _CountedBody(receive, self)
        try:
            await self.app(scope, body.receive, send)
        finally:
            self.budget.give(body.size)

    def too_large(self) -> BodyTooLarge:
        return BodyTooLarge(
            f"The request body is larger than {self.limits.max_body_bytes} bytes. "
            "Send fewer or smaller images."
        )


class _CountedBody:
    """`receive` that counts, within the budget and within the time."""

    def __init__(self, receive: Receive, layer: BodyLimit) -> None:
        self._receive = receive
        self._layer = layer
        self._due = asyncio.get_running_loop().time() + layer.limits.body_seconds
        self._complete = False
        self.size = 0

    async def receive(self) -> Message:
        if self._complete:  # what follows is only the news that the client has gone
            return await self._receive()
        limits = self._layer.limits
        idle = asyncio.get_running_loop().time() + limits.idle_seconds
        try:
            async with asyncio.timeout_at(min(self._due, idle)):
                message = await self._receive()
        except TimeoutError:
            raise BodyTimeout(
                f"The body did not arrive within {limits.body_seconds:g} seconds, or nothing of it "
                f"for {limits.idle_seconds:g}. Send it faster, or fewer images at once.",
                # What may still come of it is of no use: the connection is not for further ones.
                headers={"Connection": "close"},
            ) from None
        if message["type"] == "http.request":
            count = len(message.get("body", b""))
            if self.size + count > limits.max_body_bytes:
                raise self._layer.too_large()
            self._layer.budget.take(count)
            self.size += count
            self._complete = not message.get("more_body", False)
        return message


async def chunks(receive: Receive) -> AsyncIterator[bytes]:
    """The body piece by piece. ClientDisconnect when the client hangs up before its end."""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        more = message.get("more_body", False)
        if piece := message.get("body", b""):
            yield piece


async def read_all(receive: Receive) -> bytes:
    """The whole body."""
    pieces = [piece async for piece in chunks(receive)]
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


async def unless_gone(work: Coroutine[Any, Any, T], receive: Receive) -> T:
    """The result of `work`; cancelled, with ClientDisconnect, as soon as the client hangs up.

    The body must have been read whole: what `receive` then brings is only the hang-up.
    """
    this = asyncio.current_task()
    assert this is not None
    has_left = is_over = False

    def leave(_: asyncio.Future[None]) -> None:
        nonlocal has_left
        if not is_over:  # it may be called when the work has just ended
            has_left = True
            this.cancel()

    watch = asyncio.ensure_future(_hang_up(receive))
    watch.add_done_callback(leave)
    try:
        return await work
    except asyncio.CancelledError:
        if has_left and this.cancelling() == 1:  # nobody else asked for it
            raise ClientDisconnect from None
        raise
    finally:
        is_over = True
        watch.cancel()
        if has_left:
            this.uncancel()


async def _hang_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
