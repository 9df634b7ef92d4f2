"""GET /models and /models/{name}: what is loaded, and the whole card of each model."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.analysis import Analyzer
from app.errors import UnknownModel
from app.inference.model import Model
from app.intake import json_text
from app.readiness import Readiness
from app.routes.documentation import problems
from app.schemas import ModelCardAnswer, ModelList, ModelSummary

router = APIRouter(tags=["models"])


@router.head("/models", include_in_schema=False)
@router.get("/models", summary="Loaded models", responses=problems(503))
async def models(request: Request) -> ModelList:
    readiness: Readiness[Analyzer] = request.app.state.readiness
    loaded = readiness.get().models
    return ModelList(
        models=[summary(model, name == loaded.default) for name, model in loaded.all.items()]
    )


@router.head("/models/{name}", include_in_schema=False)
@router.get(
    "/models/{name}",
    summary="A model's card",
    response_model=ModelCardAnswer,
    responses=problems(404, 503),
)
async def model(request: Request, name: str) -> Response:
    """The card as shipped, and the execution provider and precision really in use."""
    found = model_named(request, name)
    card: dict[str, Any] = found.card.model_dump(mode="json")
    content = {**card, "provider": found.provider, "precision": found.precision}
    return Response(json_text.dump(content), media_type="application/json")


def model_named(request: Request, name: str) -> Model:
    """The loaded model of that name; UnknownModel names those there are."""
    readiness: Readiness[Analyzer] = request.app.state.readiness
    loaded = readiness.get().models.all
    if name not in loaded:
        raise UnknownModel(f"There is no model {name[:80]!r}. Loaded: {', '.join(loaded)}.")
    return loaded[name]


def summary(model: Model, default: bool) -> ModelSummary:
    card = model.card
    return ModelSummary(
        name=card.name,
        version=card.version,
        task=card.task,
        scheme=card.scheme,
        sha256=model.sha256,
        provider=model.provider,
        precision=model.precision,
        default=default,
        edition=card.licence.edition,
        commercial_use=card.licence.commercial_use,
    )
