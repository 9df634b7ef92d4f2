"""What good requests are answered. Expected numbers follow from the tiny models by hand."""

import json
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image
from scipy.spatial.transform import Rotation

from tests.service.serving import (
    BLUE,
    DEFAULT,
    NO_FACE,
    ONE_FACE,
    RED,
    TWO_FACES,
    Service,
    answer,
    as_json,
    encoded,
    faces,
    form,
    raw,
)
from tests.tiny_models import TEMPLATE_68, picture


def box_of(rectangle: tuple[int, int, int, int]) -> dict[str, float]:
    """The box of a rectangle of whole pixels: pixel edges are half a pixel before the centre."""
    x, y, width, height = rectangle
    return {"x": x - 0.5, "y": y - 0.5, "width": width, "height": height}


def points_of(rectangle: tuple[int, int, int, int]) -> Any:
    """The template placed by the crop rule: square, same centre, 1.3 times the root of the area."""
    x, y, width, height = rectangle
    side = 1.3 * (width * height) ** 0.5
    corner = np.array([x - 0.5 + width / 2, y - 0.5 + height / 2]) - side / 2
    return corner + TEMPLATE_68 * side


def test_landmarks_are_in_pixels_of_the_image(service: Service) -> None:
    (face,) = faces(service.client.post("/landmarks", files=form(ONE_FACE)))
    assert face["box"] == box_of(RED)
    assert face["confidence"] == 0.99
    assert face["landmarks"]["scheme"] == "ibug-68"
    np.testing.assert_allclose(face["landmarks"]["points"], points_of(RED), atol=0.006)
    named = face["landmarks"]["named"]
    # The subject's right eye is at the image's left.
    np.testing.assert_allclose(named["right_eye"], points_of(RED)[36:42].mean(0), atol=0.006)
    assert named["right_eye"][0] < named["left_eye"][0]
    assert face.keys() == {"box", "confidence", "landmarks", "usable"}


def test_the_three_forms_give_the_same_answer(service: Service) -> None:
    client = service.client
    several = [
        client.post("/landmarks", files=form(ONE_FACE)),
        client.post("/landmarks", files=form(ONE_FACE, name="file")),
        raw(client, "/landmarks", ONE_FACE),
        client.post("/landmarks", json=as_json(ONE_FACE)),
        client.post("/v1/landmarks", json=as_json(ONE_FACE)),
    ]
    found = [faces(response) for response in several]
    assert all(one == found[0] for one in found)
    assert [answer(response)["results"][0]["file_name"] for response in several] == [
        "0.png",
        "0.png",
        None,
        None,
        None,
    ]


@pytest.mark.parametrize("kind", [".jpg", ".png", ".webp", ".bmp"])
def test_formats(service: Service, kind: str) -> None:
    data = encoded(picture(320, 240, {"white": RED}), kind)
    (face,) = faces(service.client.post("/landmarks", files=form(data)))
    assert face["box"]["x"] == pytest.approx(39.5, abs=1.0)


def test_faces_come_by_area_then_x(service: Service) -> None:
    image = picture(
        320, 240, {"red": (10, 10, 40, 40), "blue": (240, 20, 60, 60), "green": (150, 60, 40, 40)}
    )
    found = faces(raw(service.client, "/landmarks", encoded(image)))
    assert [(face["box"]["width"], face["box"]["x"]) for face in found] == [
        (60, 239.5),
        (40, 9.5),
        (40, 149.5),
    ]


def test_no_face_is_an_empty_list(service: Service) -> None:
    assert faces(raw(service.client, "/analyze", NO_FACE)) == []


def test_selection(service: Service) -> None:
    client = service.client
    assert len(faces(raw(client, "/pose", TWO_FACES))) == 2
    for query in ({"select": "largest"}, {"max_faces": 1}):
        (face,) = faces(raw(client, "/pose", TWO_FACES, **query))
        assert face["box"] == box_of(RED)
    # Scores of the tiny detector: red 0.99, blue 0.9.
    (face,) = faces(raw(client, "/pose", TWO_FACES, min_confidence=0.95))
    assert face["box"] == box_of(RED)


def test_each_endpoint_answers_its_blocks(service: Service) -> None:
    always = {"box", "confidence", "usable"}
    own = {
        "/landmarks": {"landmarks"},
        "/pose": {"pose"},
        "/analyze": {"landmarks", "pose", "eyes", "quality"},
    }
    for path, blocks in own.items():
        (face,) = faces(raw(service.client, path, ONE_FACE))
        assert face.keys() == always | blocks
        (face,) = faces(raw(service.client, path, ONE_FACE, include="eyes, quality"))
        assert face.keys() == always | blocks | {"eyes", "quality"}


def test_the_callers_boxes_replace_detection(service: Service) -> None:
    boxes = [[200, 60, 60, 60], [40, 50, 80, 100]]  # the smaller one first: the order is kept
    client = service.client
    several = [
        client.post("/landmarks", files=form(NO_FACE), data={"boxes": json.dumps([boxes])}),
        client.post("/landmarks", json=as_json(NO_FACE, boxes=[boxes])),
        raw(client, "/landmarks", NO_FACE, box=["200,60,60,60", "40,50,80,100"], max_faces=1),
    ]
    for response in several:
        first, second = faces(response)
        assert first["confidence"] is None
        assert first["box"] == {"x": 200, "y": 60, "width": 60, "height": 60}
        shifted = points_of(RED) + 0.5  # this box starts at a pixel's centre, not at its edge
        np.testing.assert_allclose(second["landmarks"]["points"], shifted, atol=0.006)


def test_boxes_may_be_given_for_some_images_only(service: Service) -> None:
    response = service.client.post(
        "/landmarks",
        files=form(ONE_FACE, NO_FACE),
        data={"boxes": json.dumps([None, [[1, 2, 30, 40]]])},
    )
    first, second = answer(response)["results"]
    assert first["faces"][0]["confidence"] == 0.99
    assert second["faces"][0]["confidence"] is None
    assert (first["index"], second["index"]) == (0, 1)


def test_no_boxes_is_no_face(service: Service) -> None:
    assert faces(service.client.post("/landmarks", json=as_json(ONE_FACE, boxes=[[]]))) == []


def test_coordinates_are_those_of_the_upright_image(service: Service, tmp_path: Any) -> None:
    upright = picture(320, 240, {"white": BLUE})
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned clockwise
    stored = Image.fromarray(np.ascontiguousarray(np.rot90(upright)))
    stored.save(tmp_path / "turned.jpg", exif=exif, quality=95)
    response = raw(service.client, "/landmarks", (tmp_path / "turned.jpg").read_bytes())
    assert answer(response)["results"][0]["image"] == {
        "width": 320,
        "height": 240,
        "orientation_applied": 6,
    }
    (face,) = faces(response)
    expected = box_of(BLUE)
    assert [face["box"][key] for key in expected] == pytest.approx(list(expected.values()), abs=1.5)


def test_pose_is_one_rotation_in_several_views(service: Service) -> None:
    (face,) = faces(raw(service.client, "/pose", ONE_FACE))
    pose = face["pose"]
    matrix = np.array(pose["matrix"])
    # The convention, with SciPy: R = Ry(-yaw) Rx(-pitch) Rz(roll).
    angles = [-pose["yaw"], -pose["pitch"], pose["roll"]]
    np.testing.assert_allclose(
        Rotation.from_euler("YXZ", angles, degrees=True).as_matrix(), matrix, atol=3e-4
    )
    quaternion = Rotation.from_matrix(matrix).as_quat(canonical=True, scalar_first=True)
    np.testing.assert_allclose(pose["quaternion"], quaternion, atol=2e-6)
    assert (pose["convention"], pose["relative_to"], pose["method"]) == (
        "canonical",
        "camera",
        "pnp",
    )
    assert all(0 < pose["std"][name] < 20 for name in ("yaw", "pitch", "roll"))


def test_conventions_rename_the_angles_and_keep_the_rotation(service: Service) -> None:
    (face,) = faces(raw(service.client, "/pose", ONE_FACE))
    canonical = face["pose"]
    (face,) = faces(raw(service.client, "/pose", ONE_FACE, convention="openvino"))
    assert face["pose"]["pitch"] == pytest.approx(-canonical["pitch"])
    assert face["pose"]["yaw"] == canonical["yaw"]
    assert face["pose"]["values"]["pitch"] == pytest.approx(-canonical["pitch"], abs=0.01)
    assert face["pose"]["matrix"] == canonical["matrix"]
    (face,) = faces(raw(service.client, "/pose", ONE_FACE, convention="opencv-rodrigues"))
    assert face["pose"]["yaw"] is None
    vector = np.array(face["pose"]["values"]["rotation_vector"])
    np.testing.assert_allclose(cv2.Rodrigues(vector)[0], canonical["matrix"], atol=3e-6)


def test_the_camera_matters(service: Service) -> None:
    def yaw(**query: Any) -> float:
        (face,) = faces(raw(service.client, "/pose", ONE_FACE, **query))
        value: float = face["pose"]["yaw"]
        return value

    assumed = yaw()
    # The assumed camera has the image's longer side as focal length.
    assert yaw(fx=320, fy=320, cx=159.5, cy=119.5) == assumed
    assert yaw(hfov_deg=2 * np.degrees(np.arctan(0.5))) == assumed
    assert yaw(hfov_deg=20) != assumed


def test_eyes_and_quality(service: Service) -> None:
    (face,) = faces(raw(service.client, "/analyze", ONE_FACE))
    # The template's lids are at +-60 degrees of an ellipse with half axes 0.055 and 0.022.
    openness = 2 * 0.022 * np.sin(np.pi / 3) / (2 * 0.055)
    assert face["eyes"]["left"] == {
        "openness": pytest.approx(openness, abs=0.01),
        "measurable": True,
    }
    quality = face["quality"]
    assert quality["face_pixels"] == round((80 * 100) ** 0.5)
    assert not quality["truncated"]
    assert face["usable"] == {"landmarks": True, "pose": True, "reasons": []}


def test_a_face_cut_by_the_frame_is_not_usable(service: Service) -> None:
    image = encoded(picture(320, 240, {"red": RED}))
    (face,) = faces(raw(service.client, "/analyze", image, box="-40,50,80,100"))
    assert face["quality"]["truncated"]
    assert not face["usable"]["landmarks"]
    assert "truncated" in face["usable"]["reasons"]


def test_one_bad_image_of_several_does_not_spoil_the_others(service: Service) -> None:
    response = service.client.post("/landmarks", files=form(ONE_FACE, b"no image", TWO_FACES))
    first, second, third = answer(response)["results"]
    assert (len(first["faces"]), len(third["faces"])) == (1, 2)
    assert second["faces"] == []
    assert second["image"] is None
    assert second["error"]["type"] == "urn:mien:problem:unsupported-media-type"
    assert second["error"]["instance"] == response.headers["x-request-id"]


def test_require_face_of_several(service: Service) -> None:
    response = service.client.post(
        "/landmarks", files=form(ONE_FACE, NO_FACE), params={"require_face": True}
    )
    first, second = answer(response)["results"]
    assert first["error"] is None
    assert second["error"]["type"] == "urn:mien:problem:no-face"
    assert second["image"] is not None


def test_the_answer_names_its_model_and_times(service: Service) -> None:
    response = service.client.post("/analyze", files=form(ONE_FACE))
    value = answer(response)
    assert value["model"]["name"] == DEFAULT
    assert value["model"]["provider"] == "CPUExecutionProvider"
    listed = {one["name"]: one for one in service.client.get("/models").json()["models"]}
    for used in (value["model"], value["detector"]):
        assert used == {name: listed[used["name"]][name] for name in used}
        assert used["precision"] == "fp32"
    assert value["detector"]["name"] == "detector"
    times = value["timings_ms"]
    assert times["total"] >= times["decode"] > 0
    header = response.headers["server-timing"]
    for stage in (
        "receive",
        "wait",
        "decode",
        "detect",
        "crop",
        "queue",
        "infer",
        "measure",
        "total",
    ):
        assert f"{stage};dur=" in header


def test_the_detector_is_named_where_it_had_to_find_something(service: Service) -> None:
    for boxes, named in (([None, [RED]], True), ([[RED], []], False)):
        sent = as_json(ONE_FACE, ONE_FACE, boxes=boxes)
        value = answer(service.client.post("/pose", json=sent))
        assert (value["detector"] is not None) == named


def test_request_ids(service: Service) -> None:
    def made(given: str) -> str:
        response = service.client.get("/livez", headers={"X-Request-ID": given})
        return str(response.headers["x-request-id"])

    assert made("abc-123/x") == "abc-123/x"
    for unfit in ("with space", "x" * 129, 'quote"'):
        assert made(unfit) != unfit


def test_file_names_survive_as_sent(service: Service) -> None:
    # The two ways to write a quotation mark: curl's and the browsers' (which nobody undoes).
    for sent, name in ((r"Gesicht \"ä\" 顔.png", 'Gesicht "ä" 顔.png'), ("%22ä.png", "%22ä.png")):
        head = f'--x\r\nContent-Disposition: form-data; name="files"; filename="{sent}"\r\n\r\n'
        response = service.client.post(
            "/landmarks",
            content=head.encode() + ONE_FACE + b"\r\n--x--\r\n",
            headers={"content-type": "multipart/form-data; boundary=x"},
        )
        (result,) = answer(response)["results"]
        assert result["file_name"] == name
