"""BentoML: `bentoml serve benchmarks.serving.by_bentoml:Analysis`, BENCHMARK_WORKERS set."""

import os
from typing import Annotated

import bentoml  # type: ignore[import-not-found]
from bentoml.validators import ContentType  # type: ignore[import-not-found]

from benchmarks.pipeline import TYPE, Pipeline


@bentoml.service(workers=int(os.environ["BENCHMARK_WORKERS"]), metrics={"enabled": False})
class Analysis:
    """The body is the method's only argument."""

    def __init__(self) -> None:
        self._pipeline = Pipeline()

    @bentoml.api(route="/analyze")  # type: ignore[untyped-decorator]
    async def analyze(
        self, image: Annotated[bytes, ContentType("image/jpeg")], /
    ) -> Annotated[bytes, ContentType(TYPE)]:
        # In the event loop: a thread would only hand the one processor to and fro.
        return self._pipeline(image)
