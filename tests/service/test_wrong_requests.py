"""Requests that make no sense: wrong boxes, parameters and paths, each named in the refusal."""

import json
from typing import Any

import pytest

from tests.service.serving import (
    DEFAULT,
    ONE_FACE,
    Service,
    answer,
    as_json,
    encoded,
    form,
    problem,
    raw,
)
from tests.tiny_models import picture

WRONG_BOXES = {
    "negative size": [[10, 10, -5, 20]],
    "no size": [[10, 10, 0, 20]],
    "outside": [[400, 300, 20, 20]],
    "absurd": [[0, 0, 1e9, 10]],
    "giant": [[-5000, -5000, 9000, 9000]],
    "three numbers": [[1, 2, 3]],
    "text": [["a", 1, 2, 3]],
    "true": [[True, 1, 2, 3]],
    "not a list": [7],
    "not boxes": 7,
    "second": [[10, 10, 20, 20], [10, 10, 20, -1]],
    "too many": [[10, 10, 20, 20]] * 101,
}


# The place that a message names, where it is not the first box of the first image.
WHERE = {
    "outside": "Box 0 of image 0",
    "giant": "Box 0 of image 0",
    "not boxes": "boxes[0] is",
    "second": "boxes[0][1]",
    "too many": "boxes[0] holds 101",
}


@pytest.mark.parametrize("case", WRONG_BOXES)
def test_wrong_boxes(service: Service, case: str) -> None:
    boxes: Any = WRONG_BOXES[case]
    as_form = service.client.post(
        "/landmarks", files=form(ONE_FACE), data={"boxes": json.dumps([boxes])}
    )
    detail = problem(as_form, 422, "invalid-parameter")["detail"]
    assert WHERE.get(case, "boxes[0][0]") in detail
    response = service.client.post("/landmarks", json=as_json(ONE_FACE, boxes=[boxes]))
    problem(response, 422, "invalid-parameter")


@pytest.mark.parametrize(
    "box",
    [
        "nan,1,2,3",
        "inf,1,2,3",
        "1,2,3",
        "1,2,3,x",
        "",
        "400,300,20,20",
        "1,2,3,-4",
        "1_0,10,20,20",
        "1e9,1,2,3",
        "\u0661,10,20,20",
    ],
)
def test_wrong_boxes_of_raw_bodies(service: Service, box: str) -> None:
    problem(raw(service.client, "/landmarks", ONE_FACE, box=box), 422, "invalid-parameter")


@pytest.mark.parametrize("boxes", ["[]", "[null, null]", "null", "[[[NaN, 1, 2, 3]]]", "x", ""])
def test_boxes_must_fit_the_files(service: Service, boxes: str) -> None:
    response = service.client.post("/landmarks", files=form(ONE_FACE), data={"boxes": boxes})
    problem(response, 422, "invalid-parameter")


def test_boxes_as_query_belong_to_raw_bodies(service: Service) -> None:
    response = service.client.post(
        "/landmarks", files=form(ONE_FACE), params={"box": "10,10,20,20"}
    )
    problem(response, 422, "invalid-parameter")


WRONG_PARAMETERS: dict[str, dict[str, Any]] = {
    "max_faces": {"max_faces": 0},
    "min_confidence": {"min_confidence": "nan"},
    "select": {"select": "best"},
    "include": {"include": "pose,ears"},
    "convention": {"convention": "mine"},
    "method": {"method": "magic"},
    "fx": {"fx": 500, "fy": 500, "cx": 100},
    "hfov_deg": {"fx": 500, "fy": 500, "cx": 100, "cy": 100, "hfov_deg": 60},
    "require_face": {"require_face": "perhaps"},
    "max_face": {"max_face": 1},
    "max_faces ": {"max_faces": 101},
    "hfov_deg ": {"hfov_deg": 175},
    "fx ": {"fx": [500, 600], "fy": 500, "cx": 100, "cy": 100},
}


@pytest.mark.parametrize("name", WRONG_PARAMETERS)
def test_wrong_parameters(service: Service, name: str) -> None:
    response = raw(service.client, "/pose", ONE_FACE, **WRONG_PARAMETERS[name])
    detail = problem(response, 422, "invalid-parameter")["detail"]
    assert name.strip() in detail
    if name == "max_face":
        assert "max_faces" in detail


def test_a_camera_is_checked_against_each_image(service: Service) -> None:
    camera = {"fx": 10, "fy": 10, "cx": 16, "cy": 16}  # of the 32 pixels of the second one
    small = encoded(picture(32, 32, {}))
    response = service.client.post("/pose", files=form(ONE_FACE, small), params=camera)
    first, second = answer(response)["results"]
    assert first["error"]["type"] == "urn:mien:problem:invalid-parameter"
    assert "fx=10" in first["error"]["detail"]
    assert (first["image"]["width"], second["error"]) == (320, None)
    # A single small image goes another way, and so do boxes.
    for query in ({}, {"box": "40,50,80,100"}):
        alone = raw(service.client, "/landmarks", ONE_FACE, fx=2, fy=2, cx=0.5, cy=0.5, **query)
        assert "170" in problem(alone, 422, "invalid-parameter")["detail"]


def test_unknown_model(service: Service) -> None:
    response = raw(service.client, "/pose", ONE_FACE, model="face-9000")
    assert DEFAULT in problem(response, 404, "unknown-model")["detail"]
    problem(service.client.get("/models/face-9000"), 404, "unknown-model")


def test_no_face_when_one_is_required(service: Service) -> None:
    data = encoded(picture(320, 240, {}))
    problem(raw(service.client, "/pose", data, require_face=True), 422, "no-face")


def test_paths_and_methods(service: Service) -> None:
    detail = problem(service.client.get("/nowhere"), 404, "not-found")["detail"]
    assert "/docs and /openapi.json" in detail
    refused = service.client.get("/landmarks")
    problem(refused, 405, "method-not-allowed")
    assert refused.headers["allow"] == "POST"
    slash = service.client.post("/landmarks/")
    assert "without a slash" in problem(slash, 404, "not-found")["detail"]
    problem(service.client.get("/redoc"), 404, "not-found")


def test_probes_answer_head(service: Service) -> None:
    for path in ("/livez", "/readyz", "/v1/readyz", "/models", "/v1/models", "/metrics", "/docs"):
        response = service.client.head(path)
        assert (response.status_code, response.content) == (200, b"")
    card = service.client.head(f"/models/{DEFAULT}")
    assert card.headers["content-length"] == str(len(service.client.get(card.url).content))


def test_what_a_caller_made_up_is_repeated_shortened(service: Service) -> None:
    long = "x" * 20_000
    client = service.client
    many = {"images": [], **{f"key-{index}": 1 for index in range(5000)}}
    refused = {
        "key": client.post("/pose", json={"images": [], long: 1}),
        "keys": client.post("/pose", json=many),
        "path": client.get(f"/{long}"),
        "model": client.get(f"/models/{long}"),
        "parameter": client.post("/pose", params={long: 1}),
        "parameters": client.post("/pose", params={f"p{index}": 1 for index in range(500)}),
    }
    assert {name: len(response.content) for name, response in refused.items()} == {
        name: pytest.approx(1700, abs=1700) for name in refused
    }
    for name in ("keys", "parameters"):
        value = problem(refused[name], 422, "invalid-parameter")
        assert len(value["errors"]) == 10
        assert "more. Correct" in value["detail"]


def test_unknown_json_fields_are_told_by_their_place(service: Service) -> None:
    def detail(**changes: Any) -> str:
        response = service.client.post("/pose", json={**as_json(ONE_FACE), **changes})
        return str(problem(response, 422, "invalid-parameter")["detail"])

    top = "Unknown field. Known here: images, a list of objects with data, boxes; options are query"
    assert f"boxes: {top}" in detail(boxes=[None])
    assert f"convention: {top} parameters" in detail(convention="canonical")
    inner = detail(images=[{"data": "AAAA", "max_faces": 1}])
    assert (
        "images.0.max_faces: Unknown field. Known here: data, boxes; options are query parameters"
        in inner
    )


def test_json_of_nothing_but_structure_is_refused_unparsed(service: Service) -> None:
    headers = {"content-type": "application/json"}
    for piece in (b"[],", b"{},", b"1,"):
        response = service.client.post(
            "/landmarks", content=b"[" + piece * 200_000, headers=headers
        )
        detail = problem(response, 422, "invalid-parameter")["detail"]
        assert "lists, objects and entries" in detail
    response = service.client.post(
        "/landmarks", files=form(ONE_FACE), data={"boxes": "[" + "[]," * 100_000}
    )
    assert "longer than" in problem(response, 422, "invalid-parameter")["detail"]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("0", "greater than 0"),
        ("-1", "greater than 0"),
        ("soon", "a valid number"),
        ("nan", "a finite number"),
        ("inf", "a finite number"),
    ],
)
def test_wrong_deadlines(service: Service, value: str, said: str) -> None:
    headers = {"content-type": "image/png", "X-Deadline-Ms": value}
    response = service.client.post("/pose", content=ONE_FACE, headers=headers)
    detail = problem(response, 422, "invalid-parameter")["detail"]
    assert detail.startswith("X-Deadline-Ms: Input should be")
    assert said in detail
