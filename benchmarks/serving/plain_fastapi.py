"""Plain FastAPI under uvicorn's own workers:
`uvicorn --factory benchmarks.serving.plain_fastapi:create_app --workers 2`.
"""

from fastapi import FastAPI, Request, Response

from benchmarks.pipeline import TYPE, Pipeline


def create_app() -> FastAPI:
    """The app with its models loaded."""
    app, pipeline = FastAPI(), Pipeline()

    @app.post("/analyze")
    async def analyze(request: Request) -> Response:
        # In the event loop: a thread would only hand the one processor to and fro.
        return Response(pipeline(await request.body()), media_type=TYPE)

    return app
