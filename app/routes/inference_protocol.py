"""Open Inference Protocol v2: the questions that load balancers and KServe ask."""

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fastapi import APIRouter, Request

from app.analysis import Analyzer
from app.inference.providers import OPENVINO
from app.readiness import Readiness
from app.routes.documentation import problems
from app.routes.models import model_named

router = APIRouter(prefix="/v2", tags=["open inference protocol"])


@router.get("", summary="Server metadata")
async def server() -> dict[str, Any]:
    return {"name": "mien", "version": release(), "extensions": []}


@router.get("/health/live", summary="As /livez")
async def live() -> dict[str, bool]:
    return {"live": True}


@router.get("/health/ready", summary="As /readyz", responses=problems(503))
async def ready(request: Request) -> dict[str, bool]:
    readiness: Readiness[Analyzer] = request.app.state.readiness
    readiness.get()
    return {"ready": True}


@router.get("/models/{name}", summary="Tensors of a model", responses=problems(404, 503))
async def metadata(request: Request, name: str) -> dict[str, Any]:
    model = model_named(request, name)
    card = model.card
    shape = [-1, card.input.height or -1, card.input.width or -1, 3]
    outputs = [
        {
            "name": output.name,
            "datatype": "FP32",
            "shape": [size if isinstance(size, int) else -1 for size in output.shape],
        }
        for output in card.outputs
    ]
    return {
        "name": card.name,
        "versions": [card.version],
        "platform": "openvino_onnx" if model.provider == OPENVINO else "onnxruntime_onnx",
        "inputs": [{"name": card.input.name, "datatype": "UINT8", "shape": shape}],
        "outputs": outputs,
    }


@router.get("/models/{name}/ready", summary="Is this model loaded?", responses=problems(404, 503))
async def model_ready(request: Request, name: str) -> dict[str, Any]:
    return {"name": model_named(request, name).card.name, "ready": True}


def release() -> str:
    """Version of the installed package; 0 when it runs from a folder."""
    try:
        return version("mien")
    except PackageNotFoundError:
        return "0"
