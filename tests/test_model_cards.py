"""Every model of models/: its card is valid and tells the truth about the file beside it. Of large
models the card alone is kept.
"""

import hashlib
from pathlib import Path

import onnxruntime
import pytest

from app.face.card import NetworkFile, load_card
from app.face.landmarks import scheme
from training.card_readme import render_readme

MODELS = Path(__file__).parents[1] / "models"
FOLDERS = sorted(path.parent for path in MODELS.glob("*/card.json"))
LARGE = sorted(path.parent for path in MODELS.glob("large/*/card.json"))
TYPES = {"tensor(uint8)": "uint8", "tensor(float)": "float32"}

of_all = pytest.mark.parametrize("folder", [*FOLDERS, *LARGE], ids=lambda folder: folder.name)
of_kept = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)


def files_of(folder: Path) -> list[NetworkFile]:
    card = load_card(folder)
    return [card.file, *card.precisions]


def session_of(path: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


@of_all
def test_the_card_is_valid_and_named_after_its_folder(folder: Path) -> None:
    assert load_card(folder).name == folder.name


@of_kept
def test_the_hashes_are_those_of_the_files(folder: Path) -> None:
    for file in files_of(folder):
        content = (folder / file.name).read_bytes()
        assert file.bytes == len(content)
        assert file.sha256 == hashlib.sha256(content).hexdigest()


@of_kept
def test_every_network_file_is_on_the_card(folder: Path) -> None:
    named = {file.name for file in files_of(folder)}
    assert {path.name for path in folder.glob("*.onnx")} == named


@of_all
def test_the_readme_is_the_rendering_of_the_card(folder: Path) -> None:
    written = (folder / "README.md").read_text(encoding="utf-8")
    assert written == render_readme(load_card(folder)), (
        "run `python -m training card` and commit what it writes"
    )


@of_kept
def test_the_signature_of_the_files_is_that_of_the_card(folder: Path) -> None:
    card = load_card(folder)
    for file in files_of(folder):
        session = session_of(folder / file.name)
        (source,) = session.get_inputs()
        assert (source.name, TYPES[source.type]) == (card.input.name, card.input.dtype)
        sides = [card.input.height or "height", card.input.width or "width"]
        assert source.shape == ["batch", *sides, 3]
        served = {out.name: (TYPES[out.type], out.shape) for out in session.get_outputs()}
        assert served == {output.name: ("float32", output.shape) for output in card.outputs}


@of_all
def test_points_are_as_many_as_the_scheme_has(folder: Path) -> None:
    card = load_card(folder)
    shapes = {output.name: output.shape for output in card.outputs}
    if card.scheme is None:  # it tells the rotation alone
        assert card.task == "pose"
        assert set(shapes) == {"rotation"}
        return
    assert shapes["points"][0] == "batch"
    assert shapes["points"][-2:] == [len(scheme(card.scheme)), 2]


@of_all
def test_no_trace_of_the_exporting_machine_is_in_the_folder(folder: Path) -> None:
    for path in sorted(folder.iterdir()):
        content = path.read_bytes()
        for trace in (
            *(f"/{name}/".encode() for name in ("home", "root", "tmp")),
            b"site-packages",
        ):
            assert trace not in content, f"{path.name} holds {trace!r}"


@of_all
def test_research_weights_say_so_first(folder: Path) -> None:
    card = load_card(folder)
    head = (folder / "README.md").read_text(encoding="utf-8")[:600]
    assert ("NOT FOR COMMERCIAL USE" in head) == (card.licence.edition == "research")


@of_all
def test_every_number_has_its_count_and_a_value_inside_its_interval(folder: Path) -> None:
    for metric in load_card(folder).metrics:
        assert metric.n > 0
        if metric.interval95 is not None:
            low, high = metric.interval95
            assert low <= metric.value <= high, metric.name
