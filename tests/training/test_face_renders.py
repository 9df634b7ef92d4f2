"""Held-out renders, the turning head, and MTFL's points, judged against hand-made truth."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from app.face import pnp
from app.face.card import Metric
from app.face.geometry import crop_transform, face_box, transform
from app.face.rotation import to_euler
from tests.tiny_models import TEMPLATE_68, write_landmarks
from tests.training.arkit_head import arkit_head
from tests.training.made_up_faces import head, knowing
from training.faces.clip import Clip, render_clip
from training.faces.five_points import evaluate_five_points
from training.faces.predictor import FacePredictor
from training.faces.render_evaluation import RenderEvaluation, evaluate_renders
from training.faces.stability import shake, track
from training.samples import FaceSample, ImageSample
from training.synthetic.quality import FAST
from training.synthetic.studio import Studio

COUNT, SIDE = 6, 60
YAWS = [0.0, -20.0, 40.0, 60.0, -80.0, 95.0]
POINTS = np.stack([TEMPLATE_68 * 30 + 12 + index for index in range(COUNT)]).astype(np.float64)
TONES = ["1", "3", "4", "7", "8", "10"]
OPENNESS = np.array([[0.25, 0.15], [0.0, 0.35], [0.25, 0.25], [0.2, 0.9], [0.9, 0.2], [0.9, 0.9]])


def write_renders(folder: Path, seed: int, source: str = "renders") -> Path:
    """Six renders of one grey each, as `training.synthetic.shards` stores them."""
    folder.mkdir(parents=True)
    visible = np.ones((COUNT, 68), bool)
    visible[3, 42:48] = visible[4, 36:42] = visible[5, 36:48] = False
    tags = {
        "tone": TONES,
        "glasses": ["none", "none", "clear", "clear", "sun", "none"],
        "infrared": ["no"] * 5 + ["yes"],
        "occluders": ["none", "hand", "none", "none", "sunglasses", "none"],
        "mask": ["none"] * 6,
    }
    greys = np.arange(COUNT, dtype=np.uint8)[:, None, None, None]
    np.save(folder / "shard-00000.npy", np.tile(greys, (1, SIDE, SIDE, 3)))
    labels: dict[str, Any] = {
        "index": np.arange(COUNT),
        "points": POINTS,
        "visible": visible,
        "pose.rotation": np.stack([head(yaw, 10, 5) for yaw in YAWS]),
        "pose.translation": np.tile([0.0, 0.0, 700.0], (COUNT, 1)),
        **{f"camera.{name}": np.full(COUNT, 200.0) for name in ("fx", "fy")},
        **{f"camera.{name}": np.full(COUNT, (SIDE - 1) / 2) for name in ("cx", "cy")},
        "eyes.openness": OPENNESS,
        **{f"tag.{name}": np.array(values) for name, values in tags.items()},
    }
    np.savez(folder / "shard-00000.npz", **labels)
    manifest = {
        "schema_version": 1,
        "label_version": 1,
        "count": COUNT,
        "series": {"seed": seed},
        "source": source,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def predictor() -> FacePredictor:
    """Turned 1, 2, ... 6 degrees too far; openness always 0.25; points always the template. Of the
    hidden eyes it knows the first and the right half of the last two; the jaw of the first head,
    17 points, it takes for hidden.
    """
    visible = np.full((COUNT, 68), 0.9)
    visible[3, 42:48] = visible[5, 36:42] = visible[0, :17] = 0.2
    return knowing([head(yaw + 1 + i, 10, 5) for i, yaw in enumerate(YAWS)], visible=visible)


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory: pytest.TempPathFactory) -> RenderEvaluation:
    folder = write_renders(tmp_path_factory.mktemp("data") / "renders-test", seed=990)
    mean = TEMPLATE_68.astype(np.float64) + (0.1, 0.0)
    return evaluate_renders(predictor(), folder, mean_points=mean)


def values(rows: list[Metric], name: str) -> dict[str, tuple[Any, int]]:
    return {row.slice: (row.value, row.n) for row in rows if row.name == name}


def test_rotation_by_yaw_and_by_looks(evaluation: RenderEvaluation) -> None:
    # A turn by yaw alone is that large an angle whatever the pitch and the roll.
    found = values(evaluation.rows, "geodesic_error")
    expected = {
        "all": (3.5, 6),
        "|yaw| 0-30": (1.5, 2),
        "|yaw| 30-60": (3.0, 1),
        "|yaw| 60-90": (4.5, 2),
        "|yaw| > 90": (6.0, 1),
        "|yaw| <= 60": (2.5, 4),
        "|yaw| > 60": (5.5, 2),
        "Monk tone 1-3": (1.5, 2),
        "Monk tone 4-7": (3.5, 2),
        "Monk tone 8-10": (5.5, 2),
        "glasses: sun": (5.0, 1),
        "infrared: yes": (6.0, 1),
        "occluded: yes": (3.5, 2),
        "occluded: no": (3.5, 4),
    }
    for part, (value, n) in expected.items():
        assert found[part] == (pytest.approx(value, abs=1e-3), n), part
    assert "mask: yes" not in found


def in_crop(index: int) -> NDArray[np.float64]:
    """The template's error for a render in pixels: where it lands less where the label is."""
    placed = transform(crop_transform(face_box(POINTS[index]), 1.3), TEMPLATE_68)
    return np.linalg.norm(placed - POINTS[index], axis=1)


def test_points_by_the_boxs_diagonal_and_by_the_eyes_that_show(
    evaluation: RenderEvaluation,
) -> None:
    sides = POINTS.max(axis=1) - POINTS.min(axis=1)
    by_box = [in_crop(i).mean() / np.hypot(*sides[i]) for i in range(COUNT)]
    found = values(evaluation.rows, "nme_box_diagonal")["all"]
    assert found == (pytest.approx(100 * np.mean(by_box), abs=1e-3), 6)
    # One outer corner of renders 3, 4 and 5 is hidden.
    eyes = np.linalg.norm(POINTS[:, 36] - POINTS[:, 45], axis=1)
    by_eyes = [in_crop(i).mean() / eyes[i] for i in range(3)]
    found = values(evaluation.rows, "nme_inter_ocular")["all"]
    assert found == (pytest.approx(100 * np.mean(by_eyes), abs=1e-3), 3)
    assert "all" in values(evaluation.rows, "mean_face_nme_box_diagonal")


def test_how_far_the_pitch_is_too_high(evaluation: RenderEvaluation) -> None:
    """The rotation is off by yaw alone; the points are always those of one head."""
    (part,) = values(evaluation.rows, "pitch_bias")
    assert part == "pitch 0 to 15"
    assert values(evaluation.rows, "pitch_bias")[part] == (pytest.approx(0.0, abs=1e-3), 4)
    camera = pnp.Camera(200.0, 200.0, (SIDE - 1) / 2, (SIDE - 1) / 2)
    pitches = [
        to_euler(
            pnp.solve(transform(crop_transform(face_box(p), 1.3), TEMPLATE_68), camera).rotation
        )[1]
        for p in POINTS[:4]
    ]
    found = values(evaluation.rows, "pitch_bias_pnp")[part]
    assert found == (pytest.approx(np.mean(pitches) - 10, abs=1e-2), 4)


def test_which_points_show(evaluation: RenderEvaluation) -> None:
    hidden = values(evaluation.rows, "hidden_told")
    assert hidden["all"] == (pytest.approx(100 * (1 + 0 + 0.5) / 3, abs=1e-3), 3)
    assert hidden["glasses: sun"] == (0.0, 1)
    doubted = values(evaluation.rows, "shown_told_hidden")
    assert doubted["all"] == (pytest.approx(100 * 17 / 68 / 6, abs=1e-3), 6)
    # Of 24 hidden points 12 are told, of the others 17 are told wrongly; equals count half.
    showing = COUNT * 68 - 24
    right = 12 * (showing - 17) + (12 * 17 + 12 * (showing - 17)) / 2
    found = values(evaluation.rows, "visible_auc")["all"]
    assert found == (pytest.approx(right / (24 * showing), abs=1e-4), 6)


def test_openness_of_the_eyes_that_show(evaluation: RenderEvaluation) -> None:
    """Right and left off by 0 and 0.1; 0.25 and 0.1; 0, 0; right alone 0.05; left alone 0.05."""
    found = values(evaluation.rows, "openness_error")["all"]
    assert found == (pytest.approx((0.05 + 0.175 + 0 + 0.05 + 0.05) / 5, abs=1e-4), 5)
    shown = np.array([0.25, 0.15, 0.0, 0.35, 0.25, 0.25, 0.2, 0.2])
    off = np.abs(shown - shown.mean())
    mean = np.mean([*off[:6].reshape(3, 2).mean(axis=1), *off[6:]])
    found = values(evaluation.rows, "openness_error_of_the_mean")["all"]
    assert found == (pytest.approx(mean, abs=1e-4), 5)


def test_renders_that_were_trained_on_are_refused(tmp_path: Path) -> None:
    write_renders(tmp_path / "renders", seed=1)
    folder = write_renders(tmp_path / "renders-test", seed=1)
    with pytest.raises(ValueError, match="same seed 1"):
        evaluate_renders(predictor(), folder)
    profiled = write_renders(tmp_path / "profiled", seed=2, source="profiled")
    with pytest.raises(ValueError, match="'profiled'"):
        evaluate_renders(predictor(), profiled)


def test_the_second_difference_sees_noise_and_neither_offset_nor_drift() -> None:
    frames = np.arange(4000.0)
    assert shake(3.0 + 0.2 * frames) == pytest.approx(0.0, abs=1e-9)
    noise = np.random.default_rng(0).normal(0.0, 0.5, (4000, 3))
    # Variances of 1, -2, 1 times independent noise add up to 6.
    assert shake(noise + frames[:, None]) == pytest.approx(0.5 * np.sqrt(6), rel=0.03)


def test_the_clip_turns_one_person_before_a_still_camera() -> None:
    studio = Studio.open(arkit_head(), replace(FAST, supersampling=1.0))
    clip = Clip(yaw=(-30.0, 0.0, 0.0, 30.0), pitch=-5.0)
    frames = list(render_clip(studio, clip, 0))
    angles = np.array([to_euler(frame.label.pose.rotation) for frame in frames])
    assert angles == pytest.approx(np.array([[y, -5.0, 0.0] for y in clip.yaw]), abs=1e-9)
    assert len({frame.label.camera for frame in frames}) == 1
    still, again = frames[1].image.astype(float), frames[2].image.astype(float)
    noise = np.abs(still - again).mean()
    # Between two frames of one pose there is sensor noise, and much less of it than of turning.
    assert 0.1 < noise < 0.5 * np.abs(frames[0].image - still).mean()
    np.testing.assert_array_equal(next(iter(render_clip(studio, clip, 0))).image, frames[0].image)

    followed = track(knowing([head(5, -5, 0)]), frames)
    # The head turns about its neck, so it leaves the camera's axis and is seen from the side.
    yaws = []
    for frame in frames:
        ray = frame.label.pose.translation / np.linalg.norm(frame.label.pose.translation)
        to_axis, _ = Rotation.align_vectors([[0.0, 0.0, 1.0]], [ray])
        yaws.append(to_euler(to_axis.as_matrix() @ frame.label.pose.rotation)[0])
    assert abs(yaws[0] + 30) > 1
    assert followed.posed.angle_errors[:, 0] == pytest.approx(5 - np.array(yaws), abs=1e-6)
    assert followed.points.shape == followed.truth.shape == (4, 68, 2)


def test_the_three_points_that_both_schemes_have(tmp_path: Path) -> None:
    """Faces of the tiny model's own shape, whose box therefore follows exactly from five points."""
    path = tmp_path / "grey.png"
    assert cv2.imwrite(str(path), np.full((80, 80, 3), 100, np.uint8))
    photographs, samples, expected = [], [], []
    for index in range(24):
        points = TEMPLATE_68.astype(np.float64) * (30 + index) + index / 2
        box = face_box(points)
        whole = FaceSample(box, points.astype(np.float32), scheme="ibug-68")
        photographs.append(ImageSample("made", path, (whole,), str(index), "train"))
        eyes = [points[36:42].mean(axis=0), points[42:48].mean(axis=0)]
        five = np.stack([*eyes, points[30], points[48], points[54]]).astype(np.float32)
        tags = {"gender": "female" if index < 12 else "male"}
        face = FaceSample(points_in_image=five, scheme="five", tags=tags)
        samples.append(ImageSample("made", path, (face,), f"person {index}", "validation"))
        answer = transform(crop_transform(box, 1.3), TEMPLATE_68)
        off = np.linalg.norm(answer - points, axis=1)[[30, 48, 54]].mean()
        expected.append(100 * off / np.linalg.norm(eyes[0] - eyes[1]))
    model = write_landmarks(tmp_path / "landmarks-68")
    judged = evaluate_five_points(model, samples, photographs)
    found = values(judged.rows, "three_point_error")
    assert found["all"] == (pytest.approx(np.mean(expected), abs=2e-3), 24)
    assert found["gender=female"] == (pytest.approx(np.mean(expected[:12]), abs=2e-3), 12)
