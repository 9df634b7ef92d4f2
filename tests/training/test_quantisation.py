"""int8 files: close to the exact ones, and coarse nowhere that it shows."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from tests.tiny_precisions import METRIC
from training.detection.difference import cell_difference
from training.faces.difference import face_difference
from training.parity import Outputs
from training.precision_files import Int8Facts, make_int8, precision_files
from training.quantisation import Quantised, quantise
from training.workspace import Workspace

Pictures = NDArray[np.uint8]


def pictures(count: int) -> Pictures:
    return np.random.default_rng(0).integers(0, 256, (count, 16, 16, 3), dtype=np.uint8)


def write_chain(path: Path, loud: float) -> Path:
    """Three convolutions in a row; `loud` is added to one channel between the first two, which the
    second does not look at. Beside it eight bits hold nothing of the other channel.
    """
    rng = np.random.default_rng(1)
    first = rng.normal(0, 0.2, (2, 3, 3, 3)).astype(np.float32)
    second = np.zeros((4, 2, 1, 1), np.float32)
    second[:, 1] = rng.normal(0, 1, (4, 1, 1))
    third = rng.normal(0, 0.5, (2, 4, 3, 3)).astype(np.float32)
    weights = {
        "first": first,
        "first_bias": np.array([loud, 0.0], np.float32),
        "second": second,
        "third": third,
        "scale": np.array(1 / 255, np.float32),
    }
    nodes = [
        helper.make_node("Cast", ["pictures"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["floats", "scale"], ["unit"]),
        helper.make_node("Transpose", ["unit"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["planes", "first", "first_bias"], ["a"], name="first"),
        helper.make_node("Conv", ["a", "second"], ["b"], name="second"),
        helper.make_node("Conv", ["b", "third"], ["map"], name="third"),
    ]
    graph = helper.make_graph(
        nodes,
        "chain",
        [helper.make_tensor_value_info("pictures", TensorProto.UINT8, ["batch", 16, 16, 3])],
        [helper.make_tensor_value_info("map", TensorProto.FLOAT, ["batch", 2, 12, 12])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model, full_check=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString())
    return path


def share_of_the_signal(answered: Outputs, wanted: Outputs) -> float:
    return float(np.std(answered["map"] - wanted["map"]) / np.std(wanted["map"]))


def in_int8(exact: Path, *, keep_first: bool = False) -> Quantised:
    return quantise(
        exact,
        exact.with_name("int8.onnx"),
        pictures(8),
        distance=share_of_the_signal,
        most=0.1,
        most_each=0.05,
        keep_first=keep_first,
    )


def test_all_convolutions_are_in_eight_bits_where_none_suffers(tmp_path: Path) -> None:
    exact = write_chain(tmp_path / "exact.onnx", loud=0.0)
    made = in_int8(exact)
    assert made.kept == ()
    assert made.convolutions == 3
    assert 0 < made.distance < 0.1
    kinds = Counter(node.op_type for node in onnx.load(made.path).graph.node)
    assert kinds["Conv"] == 3
    assert kinds["QuantizeLinear"] >= 3


def test_convolutions_that_suffer_keep_their_numbers(tmp_path: Path) -> None:
    exact = write_chain(tmp_path / "exact.onnx", loud=500.0)
    made = in_int8(exact)
    assert set(made.kept) == {"first", "second"}
    assert 0 < made.distance < 0.1


def test_the_first_can_be_kept_whatever_it_costs(tmp_path: Path) -> None:
    exact = write_chain(tmp_path / "exact.onnx", loud=0.0)
    made = in_int8(exact, keep_first=True)
    assert made.kept == ("first",)


def test_a_file_that_cannot_be_computed_so_is_not_written(tmp_path: Path) -> None:
    exact = write_chain(tmp_path / "exact.onnx", loud=0.0)
    with pytest.raises(RuntimeError, match="cannot be computed in int8"):
        quantise(
            exact,
            tmp_path / "int8.onnx",
            pictures(8),
            distance=lambda *_: 1.0,
            most=0.1,
            most_each=2.0,
        )
    assert [path.name for path in tmp_path.iterdir()] == ["exact.onnx"]


def test_the_card_has_the_file_with_its_own_numbers(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "runs", tmp_path / "models", "some-model")
    write_chain(workspace.onnx, loud=0.0)
    assert precision_files(workspace, ["some-set"]) == []
    facts = make_int8(workspace, pictures(8), share_of_the_signal, most=0.1)
    assert facts == Int8Facts.read(workspace.export)
    with pytest.raises(FileNotFoundError, match="training evaluate"):
        precision_files(workspace, ["some-set"])
    folder = workspace.evaluation("some-set-int8")
    folder.mkdir(parents=True)
    (folder / "metrics.json").write_text(json.dumps([METRIC]))
    (file,) = precision_files(workspace, ["some-set"])
    assert (file.name, file.precision) == ("model.int8.onnx", "int8")
    assert file.bytes == workspace.int8.stat().st_size
    assert [metric.name for metric in file.metrics] == [METRIC["name"]]


@pytest.mark.parametrize(
    ("speed", "feature", "features"),
    [(1.5, "avx512_vnni", ["avx512_vnni"]), (1.2, "avx512_vnni", []), (1.5, "", [])],
)
def test_it_is_called_faster_where_it_was_seen_to_be(
    speed: float, feature: str, features: list[str]
) -> None:
    assert Int8Facts(0.0, [], 3, speed, feature).faster_on == features


def face_answers(count: int) -> dict[str, NDArray[np.float32]]:
    return {
        "points": np.full((count, 68, 2), 0.5, np.float32),
        "std": np.full((count, 68), 0.02, np.float32),
        "visible": np.full((count, 68), 0.9, np.float32),
        "rotation": np.tile(np.eye(3, dtype=np.float32), (count, 1, 1)),
        "rotation_std": np.full((count, 3), 4.0, np.float32),
        "openness": np.full((count, 2), 0.3, np.float32),
        "presence": np.ones(count, np.float32),
    }


def test_faces_are_apart_by_what_they_expect_to_be_wrong() -> None:
    wanted = face_answers(3)
    assert face_difference(wanted, wanted) == 0
    moved = wanted | {"points": wanted["points"] + np.float32(0.01)}
    assert face_difference(moved, wanted) == pytest.approx(0.5, rel=1e-3)
    t = np.radians(6.0)
    about_y = [[np.cos(t), 0, np.sin(t)], [0, 1, 0], [-np.sin(t), 0, np.cos(t)]]
    turned = wanted | {"rotation": np.tile(np.array(about_y, np.float32), (3, 1, 1))}
    # Of the three axes one is off by 1.5 of its deviations.
    assert face_difference(turned, wanted) == pytest.approx(1.5 / 3**0.5, rel=1e-3)
    shut = wanted | {"openness": wanted["openness"] - np.float32(0.1)}
    assert face_difference(shut, wanted) == pytest.approx(1.0, rel=1e-3)


def test_cells_are_apart_by_score_and_box_in_whatever_order() -> None:
    rng = np.random.default_rng(2)
    wanted = {
        "scores": np.array([[0.9, 0.6, 0.1]], np.float32),
        "boxes": np.array([[[0, 0, 20, 20], [50, 50, 30, 30], [9, 9, 5, 5]]], np.float32),
        "points": rng.uniform(0, 80, (1, 3, 5, 2)).astype(np.float32),
    }
    assert cell_difference(wanted, wanted) == 0
    other = {name: values[:, [1, 0, 2]] for name, values in wanted.items()}
    other["scores"] = other["scores"] + np.array([[0.03, -0.03, 0.5]], np.float32)
    assert cell_difference(other, wanted) == pytest.approx(1.0, rel=1e-3), "faces count, others not"
    other = {name: values.copy() for name, values in wanted.items()}
    other["boxes"][0, 0] = (0, 0, 20, 18)
    assert cell_difference(other, wanted) == pytest.approx(1.0, rel=1e-3), "a tenth of one of two"
    with pytest.raises(ValueError, match="shows a face"):
        cell_difference(wanted, wanted | {"scores": wanted["scores"] * 0})
