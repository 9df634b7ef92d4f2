"""mosec: `python -m benchmarks.serving.by_mosec`, MOSEC_PORT and BENCHMARK_WORKERS set."""

import os

from mosec import Server, Worker  # type: ignore[import-not-found]

from benchmarks.pipeline import TYPE, Pipeline


class Analysis(Worker):  # type: ignore[misc]
    """Bytes in, bytes out."""

    resp_mime_type = TYPE

    def __init__(self) -> None:
        super().__init__()
        self._pipeline = Pipeline()

    def deserialize(self, data: bytes) -> bytes:
        return data

    def serialize(self, data: bytes) -> bytes:
        return data

    def forward(self, data: bytes) -> bytes:
        return self._pipeline(data)


if __name__ == "__main__":
    server = Server()
    server.append_worker(Analysis, num=int(os.environ["BENCHMARK_WORKERS"]))
    server.run()
