"""python -m app serve: one process, or several behind one door."""

import argparse
import gc
import logging
import os
import socket
from collections.abc import Sequence
from contextlib import ExitStack, suppress

import onnxruntime

from app.errors import StartUpError
from app.main import create_app
from app.processes.channel import WorkerEnd
from app.processes.crew import Crew
from app.processes.seat import Seat
from app.processes.server import Server, listen, server_config
from app.processes.sharing import of_one_worker, worker_count
from app.processes.worker import WorkerServer
from app.processes.workers import Workers
from app.settings import Settings, unknown_variables

FAILED = 3
"""Exit status of a service that could not start; that of uvicorn."""


def run(settings: Settings, _: argparse.Namespace) -> int:
    log = logging.getLogger("mien.start")
    if unknown := unknown_variables(os.environ):
        log.warning("no settings of this service: %s", ", ".join(unknown))
    if settings.server.log_level != "debug":
        # What of it matters is said by us, and once.
        logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    try:
        count = worker_count(settings, onnxruntime.get_available_providers())
        listeners = _listen(settings)
    except StartUpError as error:
        log.critical("%s", error)
        return FAILED
    log.info("listening", extra={"facts": {"at": _addresses(listeners), "workers": count}})
    if count == 1:
        return _serve_alone(settings, listeners)
    return _serve_together(settings, listeners, count)


def _serve_alone(settings: Settings, listeners: list[socket.socket]) -> int:
    server = Server(server_config(create_app(settings), settings.server))
    with ExitStack() as closing:
        for listener in listeners:
            closing.enter_context(listener)
        with suppress(KeyboardInterrupt):  # before the server listens to signals
            server.run(sockets=listeners)
    return 0 if server.started else FAILED


def _serve_together(settings: Settings, listeners: list[socket.socket], count: int) -> int:
    crew = Crew(count)
    own = of_one_worker(settings, count)

    def work(index: int, line: WorkerEnd) -> int:
        app = create_app(own, seat=Seat(crew, index, line.tell))
        server = WorkerServer(server_config(app, own.server), line, crew, index)
        server.run()
        return 0 if server.started else FAILED

    # What was imported stays shared with the workers as long as nobody writes to it, and a
    # collection of garbage would.
    gc.collect()
    gc.freeze()
    return Workers(crew, listeners, work, settings.server.drain_seconds).run()


def _listen(settings: Settings) -> list[socket.socket]:
    host, port = settings.server.host, settings.server.port
    try:
        return listen(settings.server)
    except OSError as error:
        raise StartUpError(
            f"The service cannot listen on {host} port {port}: {error}. Set MIEN_SERVER__HOST and "
            "MIEN_SERVER__PORT to an address of this machine that is free."
        ) from error


def _addresses(listeners: Sequence[socket.socket]) -> list[str]:
    found = []
    for listener in listeners:
        host, port = listener.getsockname()[:2]
        found.append(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")
    return found
