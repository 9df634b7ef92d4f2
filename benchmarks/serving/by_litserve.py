"""LitServe: `python -m benchmarks.serving.by_litserve`, BENCHMARK_PORT and _WORKERS set."""

import os
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from litserve import LitAPI, LitServer  # type: ignore[import-not-found]

from benchmarks.pipeline import TYPE, Pipeline


async def body_of(request: Request) -> bytes:
    return await request.body()


class Analysis(LitAPI):  # type: ignore[misc]
    """The body goes to the worker as it came."""

    def setup(self, device: Any) -> None:  # noqa: ARG002 (its name is part of the interface)
        self._pipeline = Pipeline()

    def decode_request(self, request: Annotated[bytes, Depends(body_of)]) -> bytes:
        return request

    def predict(self, data: bytes) -> bytes:
        return self._pipeline(data)

    def encode_response(self, output: bytes) -> Response:
        return Response(output, media_type=TYPE)


if __name__ == "__main__":
    server = LitServer(
        Analysis(api_path="/analyze"),
        accelerator="cpu",
        workers_per_device=int(os.environ["BENCHMARK_WORKERS"]),
        fast_queue=True,
    )
    server.run(
        host="127.0.0.1",
        port=int(os.environ["BENCHMARK_PORT"]),
        generate_client_file=False,
        log_level="warning",
    )
