"""The comparison of all models: who takes part, on which faces, and the page's numbers."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from app.face.card import CardError
from app.face.pnp import canonical_points
from app.face.rotation import geodesic_degrees
from tests.tiny_models import keep_outputs, write_detector, write_face, write_landmarks
from tests.training import test_datasets_published as published
from tests.training.tiny_sets import write_pointing, write_renders, write_set
from training.landmarks.predictor import LandmarkPredictor
from training.zoo.comparison import _alike_together, pnp_predictor, write_comparison
from training.zoo.comparison_page import BEGIN, END, page_with
from training.zoo.entrants import LARGE, entrants

PAGE = f"# The zoo\n\nBefore.\n\n{BEGIN}\n\nold numbers\n\n{END}\n\nAfter.\n"


def write_models(folder: Path) -> Path:
    write_detector(folder / "detector")
    write_face(folder / "some-face")
    keep_outputs(write_landmarks(folder / "landmarks-68"), "points")
    twenty_one = np.full((21, 2), 0.5, np.float32)
    written = write_landmarks(folder / "some-21", template=twenty_one, scheme="aflw-21")
    keep_outputs(written, "points")
    large = write_face(folder / LARGE / "some-large", name="some-large")
    keep_outputs(large, "rotation", task="pose", scheme=None)
    (large / "model.onnx").rename(folder.parent / "some-large.onnx")
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    points = (canonical_points()[:, :2] * 0.4 + (60.0, 52.0)).astype(np.float32)
    write_set(
        folder / "w300",
        ["lfpw_train_image_0001.png", "lfpw_test_image_0001.png", "lfpw_test_image_0002.png"],
        landmarks=np.stack([points] * 3),
        split=np.array(["train", "test", "test"]),
        subset=np.array(["lfpw"] * 3),
        near_dup_of_test=np.array([False] * 3),
    )
    write_pointing(folder / "pointing04")
    write_renders(folder / "renders-test", 12)
    return folder


def test_who_takes_part(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    models = write_models(tmp_path / "models")
    names = [one.name for one in entrants(models, tmp_path / "runs")]
    assert names == ["landmarks-68", "some-21", "some-face"]
    assert "some-large is left out: `none` rebuilds it" in capsys.readouterr().err
    rebuilt = tmp_path / "runs" / "some-large" / "export" / "model.onnx"
    rebuilt.parent.mkdir(parents=True)
    rebuilt.touch()
    with pytest.raises(CardError, match="its card says"):
        entrants(models, tmp_path / "runs")
    (tmp_path / "some-large.onnx").rename(rebuilt)
    assert rebuilt in [one.file for one in entrants(models, tmp_path / "runs")]
    with pytest.raises(FileNotFoundError, match="no model of faces"):
        entrants(tmp_path / "nowhere", tmp_path)


def test_the_page_gets_its_numbers_and_keeps_its_text(tmp_path: Path, data: Path) -> None:
    models, docs = write_models(tmp_path / "models"), tmp_path / "docs"
    docs.mkdir()
    (docs / "zoo.md").write_text(PAGE)
    write_comparison(models, data, tmp_path / "runs", docs)
    page = (docs / "zoo.md").read_text()
    assert page.startswith(PAGE[: PAGE.index("old numbers")])
    assert page.endswith(f"\n\n{END}\n\nAfter.\n")
    assert "old numbers" not in page
    lines = {line.split(" | ")[0]: line for line in page.splitlines() if line.startswith("| `")}
    assert lines.keys() == {
        "| `landmarks-68`",
        "| `some-21`",
        "| `some-face`",
        "| `landmarks-68, PnP`",
    }
    rotations = page[page.index("### Rotations of rendered heads") :]
    assert "`some-face`" in rotations
    assert "`landmarks-68, PnP`" in rotations
    assert "some-21" not in rotations
    assert "constant answer" in rotations
    # All faces of the photographs are the same one, so the mean face is right about all of them.
    points = page[page.index("### Points") :].splitlines()
    constant = next(line for line in points if line.startswith("| constant answer"))
    assert constant.split("|")[2].startswith(" **0 %**")
    for name in ("ced", "yaw", "geodesic"):
        assert (docs / "images" / f"zoo-{name}.png").is_file()


def test_pictures_as_published_stand_in_for_the_repacked_ones(data: Path, tmp_path: Path) -> None:
    for number, pan in enumerate(("-30", "+0", "+45")):
        for person in (1, 11):
            name = f"person{person:02d}1{number:02d}-15{pan}"
            root = data / "pointing04-folder"
            published.TestPointing04Folder().write(root, person, name)
    docs = tmp_path / "docs"
    docs.mkdir()
    lines = []
    for there in ("both", "as published alone"):
        if there != "both":
            shutil.rmtree(data / "pointing04")
        (docs / "zoo.md").write_text(PAGE)
        write_comparison(write_models(tmp_path / there), data, tmp_path / "runs", docs)
        page = (docs / "zoo.md").read_text()
        people = page[page.index("### Rotations of people") :].splitlines()
        lines.append(next(line for line in people if line.startswith("| `some-face`")))
    assert "n 1 |" in lines[0], "person 11 of the repacked set"
    assert "n 3 |" in lines[1]


def test_points_read_by_others_are_one_line() -> None:
    errors = {name: np.array([0.1, 0.2]) for name in ("a", "b", "c")}
    errors["b"] = np.array([0.1, 0.3])
    errors["c"] = errors["c"] + 1e-8
    assert list(_alike_together(errors)) == ["a, c", "b"]


@pytest.mark.parametrize("page", ["no markers", f"{BEGIN} {END} {BEGIN}"])
def test_a_page_without_its_markers_is_left_alone(page: str) -> None:
    with pytest.raises(ValueError, match="each once"):
        page_with(page, [], [], {})


def test_pnp_tells_the_head_of_a_crop(tmp_path: Path) -> None:
    """As a camera sees it that looks straight at the middle of the crop, from far away."""
    head = Rotation.from_euler("YXZ", (-25.0, 10.0, 8.0), degrees=True).as_matrix()
    placed = canonical_points() @ head.T + (0.0, 0.0, 1000.0)
    points = placed[:, :2] / placed[:, 2:] * 4.0 + 0.5
    folder = write_landmarks(tmp_path / "exact", template=points.astype(np.float32))
    predictor = pnp_predictor(LandmarkPredictor.open(folder))
    found = predictor.predict(np.zeros((2, 64, 64, 3), np.uint8)).rotation
    assert geodesic_degrees(found, head).max() < 0.5
