"""Cards are built from facts and measurements, and READMEs from cards alone."""

import hashlib
import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from app.face.card import DataUse, Metric, PrecisionFile, RecipeUse, load_card, verify
from training.cards import (
    FREE,
    RESEARCH,
    CardFacts,
    OutputNote,
    build_card,
    card_json,
    render_readme,
    write_card,
)
from training.export import Export
from training.onnx_graph import GraphFacts, Tensor
from training.parity import ParityReport

FACTS = CardFacts(
    name="landmarks-68",
    version="1",
    task="landmarks",
    summary="68 points of a face.",
    outputs={
        "std": OutputNote("unit crop", "standard deviation per axis"),
        "points": OutputNote("unit crop", "x, y"),
    },
    licence=RESEARCH,
    data=[DataUse(name="w300", licence="research only", images=2012, faces=2012, use="train")],
    limits=["Profiles beyond 45 degrees were not trained."],
    recipe=RecipeUse(
        name="landmarks-68",
        command="python -m training train landmarks-68 --data DIR",
        seed=1,
        steps=12000,
        samples=768000,
        trained=date(2026, 11, 20),
        code="0.1.0",
    ),
    scheme="ibug-68",
    crop_scale=1.3,
    batch_sizes=(8, 1),
)
METRICS = [
    Metric(
        name="nme_inter_ocular",
        value=4.1234,
        unit="%",
        n=224,
        interval95=(3.9, 4.3),
        protocol="300-W LFPW test, labelled box",
    ),
    Metric(name="auc_8", value=0.5, unit="0..1", n=224, protocol="300-W LFPW test, labelled box"),
    Metric(
        name="nme_inter_ocular",
        value=6.0,
        unit="%",
        n=12,
        interval95=(5.0, 7.5),
        protocol="300-W LFPW test, labelled box",
        slice="|yaw| 30-45",
    ),
]


def export_in(folder: Path) -> Export:
    path = folder / "model.onnx"
    path.write_bytes(b"not a graph, but bytes to hash")
    graph = GraphFacts(
        inputs=(Tensor("crops", "uint8", ("batch", 128, 128, 3)),),
        outputs=(
            Tensor("points", "float32", ("batch", 68, 2)),
            Tensor("std", "float32", ("batch", 68)),
        ),
        opset=18,
        parameters=123456,
        operators={"Conv": 3},
    )
    return Export(path, graph, ParityReport(3e-7, 64, (1, 3, 8), {"points": 3e-7}))


def test_a_written_card_loads_and_its_hash_is_that_of_the_file(tmp_path: Path) -> None:
    card = build_card(FACTS, export_in(tmp_path), METRICS)
    write_card(tmp_path, card)
    assert load_card(tmp_path) == card
    verify(tmp_path, card)
    content = (tmp_path / "model.onnx").read_bytes()
    assert card.file.sha256 == hashlib.sha256(content).hexdigest()
    assert (card.file.bytes, card.file.opset, card.file.parameters) == (len(content), 18, 123456)


def test_the_signature_comes_from_the_file_and_the_meaning_from_the_facts(tmp_path: Path) -> None:
    card = build_card(FACTS, export_in(tmp_path), METRICS)
    assert (card.input.name, card.input.height, card.input.width) == ("crops", 128, 128)
    assert [(output.name, output.shape) for output in card.outputs] == [
        ("points", ["batch", 68, 2]),
        ("std", ["batch", 68]),
    ]
    assert card.outputs[1].meaning == "standard deviation per axis"
    assert card.batch_sizes == [1, 8]
    assert (card.parity.max_abs_difference, card.parity.batches) == (3e-7, [1, 3, 8])


def test_a_file_with_other_outputs_than_explained_is_refused(tmp_path: Path) -> None:
    facts = replace(FACTS, outputs={"points": OutputNote("unit crop", "x, y")})
    with pytest.raises(ValueError, match="std"):
        build_card(facts, export_in(tmp_path), METRICS)


def test_the_card_is_stable_text(tmp_path: Path) -> None:
    card = build_card(FACTS, export_in(tmp_path), METRICS)
    text = card_json(card)
    assert text == card_json(card)
    assert text.endswith("}\n")
    assert list(json.loads(text)) == sorted(json.loads(text))


def test_the_readme_depends_on_the_card_alone(tmp_path: Path) -> None:
    write_card(tmp_path, build_card(FACTS, export_in(tmp_path), METRICS))
    written = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert render_readme(load_card(tmp_path)) == written


def test_the_readme_says_what_a_user_needs(tmp_path: Path) -> None:
    text = render_readme(build_card(FACTS, export_in(tmp_path), METRICS))
    assert text.startswith("# landmarks-68 1\n\n68 points of a face.\n\n> **RESEARCH WEIGHTS.")
    assert "| `nme_inter_ocular` | 4.12 % | 3.90 to 4.30 | 224 |" in text
    assert "| \\|yaw\\| 30-45 | `nme_inter_ocular` | 6.00 % | 5.00 to 7.50 | 12 |" in text
    assert "- Profiles beyond 45 degrees were not trained." in text
    assert "python -m training train landmarks-68 --data DIR" in text
    assert "localhost:8000/landmarks?model=landmarks-68" in text
    assert "face_crop(image, Box(x=410, y=120, width=220, height=224), 128, scale=1.3)" in text


def test_the_readme_tells_what_int8_loses(tmp_path: Path) -> None:
    exact = METRICS[0]
    file = PrecisionFile(
        name="model.int8.onnx",
        sha256="0" * 64,
        bytes=1_000_000,
        opset=18,
        precision="int8",
        metrics=[exact.model_copy(update={"value": 4.2})],
        faster_on=["avx512_vnni"],
    )
    text = render_readme(build_card(FACTS, export_in(tmp_path), METRICS, [file]))
    assert "| `nme_inter_ocular` | 4.12 % | 4.20 % |" in text
    assert "CPUs with `avx512_vnni` take it by default" in text
    nowhere = file.model_copy(update={"faster_on": []})
    text = render_readme(build_card(FACTS, export_in(tmp_path), METRICS, [nowhere]))
    assert "no CPU takes it by default" in text


def test_free_weights_are_not_called_research(tmp_path: Path) -> None:
    text = render_readme(build_card(replace(FACTS, licence=FREE), export_in(tmp_path), METRICS))
    assert "RESEARCH" not in text
    assert "any use, commercial use included" in text


def test_the_code_of_a_detector_s_readme_compiles(tmp_path: Path) -> None:
    export = export_in(tmp_path)
    graph = replace(
        export.graph,
        inputs=(Tensor("images", "uint8", ("batch", "height", "width", 3)),),
        outputs=(
            Tensor("boxes", "float32", ("batch", "cells", 4)),
            Tensor("scores", "float32", ("batch", "cells")),
        ),
    )
    facts = replace(
        FACTS,
        name="detector",
        task="detection",
        outputs={"boxes": OutputNote("px", "box"), "scores": OutputNote("0..1", "face?")},
        scheme=None,
        crop_scale=None,
        long_side=320,
        multiple_of=32,
        thresholds={"score": 0.5, "nms_iou": 0.4},
    )
    card = build_card(facts, replace(export, graph=graph), [])
    assert (card.input.height, card.input.width) == (None, None)
    text = render_readme(card)
    code = text.split("```python\n")[1].split("```")[0]
    compile(code, "README.md", "exec")
    assert "detector_frame(image, 320, multiple_of=32)" in code
    assert "sure = scores >= 0.5" in code
    assert "[batch, height, width, 3]" in text
    assert "multiples of 32" in text


def test_the_readme_of_a_large_model_says_first_how_its_file_is_made(tmp_path: Path) -> None:
    card = build_card(FACTS, export_in(tmp_path), METRICS)
    assert "too large" not in render_readme(card)
    large = card.model_copy(update={"file": card.file.model_copy(update={"bytes": 13_000_000})})
    page = render_readme(large)
    use = page[page.index("## How to use it") :]
    assert use.index(FACTS.recipe.command) < use.index("large/landmarks-68")


def test_a_pose_model_is_asked_for_poses_though_it_tells_points(tmp_path: Path) -> None:
    card = build_card(FACTS, export_in(tmp_path), METRICS)
    assert "/landmarks?model=landmarks-68" in render_readme(card)
    posing = card.model_copy(update={"task": "pose"})
    assert "/pose?model=landmarks-68" in render_readme(posing)
    assert "/landmarks?model" not in render_readme(posing)


def test_parameters_are_those_of_the_table_and_the_file_those_it_stores(tmp_path: Path) -> None:
    card = build_card(FACTS, export_in(tmp_path), METRICS)
    stored = f"| parameters | {card.file.parameters:,} |"
    assert stored in render_readme(card)
    trained = card.model_copy(
        update={"recipe": card.recipe.model_copy(update={"parameters": 45_823})}
    )
    said = f"| parameters | 45,823 trained; {card.file.parameters:,} numbers in the file |"
    assert said in render_readme(trained)
