"""KServe's Python server: `python -m benchmarks.serving.by_kserve --http_port 8080 --workers 2`."""

from typing import Any

from kserve import Model, ModelServer  # type: ignore[import-not-found]

from benchmarks.pipeline import TYPE, Pipeline


class Analysis(Model):  # type: ignore[misc]
    """The body comes as it is, since it is no JSON."""

    def __init__(self) -> None:
        super().__init__("mien")
        # Each worker opens its own with its first request: this object is sent to it by pickle.
        self._pipeline: Pipeline | None = None
        self.ready = True

    async def predict(
        self,
        payload: bytes,
        headers: Any = None,  # noqa: ARG002
        response_headers: dict[str, str] | None = None,
    ) -> bytes:
        if self._pipeline is None:
            self._pipeline = Pipeline()
        if response_headers is not None:
            response_headers["content-type"] = TYPE
        return self._pipeline(payload)


if __name__ == "__main__":
    ModelServer(enable_grpc=False).start([Analysis()])
