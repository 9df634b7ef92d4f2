"""The description of the service: /openapi.json, /docs, /models and the Open Inference Protocol."""

import hashlib
import re
from typing import Any

import pytest

from app.routes import docs
from app.schemas import Answer, ModelCardAnswer, ModelList
from tests.service.serving import DEFAULT, Service


@pytest.fixture(scope="module")
def described(service: Service) -> dict[str, Any]:
    response = service.client.get("/openapi.json")
    assert response.status_code == 200
    value: dict[str, Any] = response.json()
    return value


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(references(item) for item in value.values()))
    if isinstance(value, list):
        return set().union(*(references(item) for item in value))
    return set()


def test_every_reference_resolves(described: dict[str, Any]) -> None:
    schemas = described["components"]["schemas"]
    assert {name.rpartition("/")[2] for name in references(described)} <= schemas.keys()


@pytest.mark.parametrize("path", ["/landmarks", "/pose", "/analyze"])
def test_request_forms_and_answers_are_described(described: dict[str, Any], path: str) -> None:
    operation = described["paths"][path]["post"]
    assert set(operation["requestBody"]["content"]) == {
        "multipart/form-data",
        "application/json",
        "image/jpeg",
        "image/png",
        "image/webp",
        "image/bmp",
        "application/octet-stream",
    }
    answers = operation["responses"]
    assert answers["200"]["content"]["application/json"]["schema"]["$ref"].endswith("/Answer")
    for status in ("404", "408", "413", "415", "422", "500", "503", "504"):
        assert list(answers[status]["content"]) == ["application/problem+json"]
    names = {parameter["name"] for parameter in operation["parameters"]}
    assert {"max_faces", "convention", "hfov_deg", "box", "X-Deadline-Ms"} <= names


def test_answers_may_get_fields_and_requests_may_not(described: dict[str, Any]) -> None:
    closed = {
        name
        for name, schema in described["components"]["schemas"].items()
        if schema.get("additionalProperties") is False
    }
    assert closed == {"Body", "BodyImage"}


def test_every_field_of_an_answer_is_explained(described: dict[str, Any]) -> None:
    schemas = described["components"]["schemas"]
    own = {name.rpartition("/")[2] for name in references(Answer.model_json_schema())}
    assert {"Face", "Pose", "Landmarks", "Timings"} <= own
    silent = [
        f"{name}.{field}"
        for name in own
        for field, facts in schemas[name]["properties"].items()
        if "description" not in facts and "$ref" not in str(facts)
    ]
    assert silent == []


def test_docs(service: Service, described: dict[str, Any]) -> None:
    response = service.client.get("/docs")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
    assert 'href="openapi.json">/openapi.json</a>' in response.text, "for those without scripts"
    assert "/docs" not in described["paths"]


def test_docs_needs_nobody_else(service: Service) -> None:
    page = service.client.get("/docs").text
    assert "://" not in page
    loaded = re.findall(r'<(?:script|link)[^>]*?(?:src|href)="(?!data:)([^"]*)"', page)
    assert [address.partition("?")[0] for address in loaded] == [
        "docs/swagger-ui.css",
        "docs/swagger-ui-bundle.js",
    ]
    for address in loaded:
        response = service.client.get(f"/{address}")
        file = docs.FOLDER / address.partition("?")[0].rpartition("/")[2]
        assert response.content == file.read_bytes()
        assert response.headers["cache-control"] == "public, max-age=86400"
        assert service.client.head(f"/{address}").status_code == 200


def test_swagger_ui_is_as_its_makers_published_it() -> None:
    """The hashes are those of the files of the npm package swagger-ui-dist."""
    published = {
        "swagger-ui-bundle.js": "e6a898692f2d768e807c3ba4626068a69a2c5dd960dd6c76f3e4d3a3de180af2",
        "swagger-ui.css": "5ed08757e53da3e026d6cbecc61fe5d43585c9560b302d534ad56692519a273d",
    }
    for name, digest in published.items():
        assert hashlib.sha256((docs.FOLDER / name).read_bytes()).hexdigest() == digest
    assert f'"{docs.RELEASE}"' in (docs.FOLDER / "swagger-ui-bundle.js").read_text()


def test_models(service: Service) -> None:
    response = service.client.get("/v1/models")
    listed = ModelList.model_validate_json(response.content).models
    assert [(model.name, model.default) for model in listed] == [
        (DEFAULT, True),
        ("detector", False),
    ]
    card = ModelCardAnswer.model_validate_json(
        service.client.get(f"/models/{DEFAULT}").content, strict=False
    )
    assert card.file.sha256 == listed[0].sha256
    assert card.provider == "CPUExecutionProvider"


def test_open_inference_protocol(service: Service) -> None:
    client = service.client
    assert client.get("/v2").json()["name"] == "mien"
    assert client.get("/v2/health/live").json() == {"live": True}
    assert client.get("/v2/health/ready").json() == {"ready": True}
    assert client.get("/v2/models/detector/ready").json() == {"name": "detector", "ready": True}
    value = client.get(f"/v2/models/{DEFAULT}").json()
    assert value["inputs"] == [{"name": "crops", "datatype": "UINT8", "shape": [-1, 64, 64, 3]}]
    assert [(one["name"], one["shape"]) for one in value["outputs"]] == [
        ("points", [-1, 68, 2]),
        ("std", [-1, 68]),
    ]
    assert client.get("/v2/models/none").status_code == 404
