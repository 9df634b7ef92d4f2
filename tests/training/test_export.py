"""A tiny Keras network through the whole export, and what the gate catches."""

from pathlib import Path

import keras
import numpy as np
import onnx
import onnxruntime
import pytest
from keras import layers, ops
from numpy.typing import NDArray

from training.export import export_onnx
from training.onnx_graph import describe
from training.parity import ParityError, check_parity

SIDE = 16


def pictures(count: int, height: int = SIDE, width: int = SIDE) -> NDArray[np.uint8]:
    """Smooth gradients with noise: closer to photographs than noise alone."""
    rng = np.random.default_rng(0)
    ramp = np.linspace(0, 200, width)[None, None, :, None] * rng.uniform(0.3, 1, (count, 1, 1, 3))
    noise = rng.normal(0, 12, (count, height, width, 3))
    return np.clip(ramp + noise, 0, 255).astype(np.uint8)


def landmark_like(dtype: str) -> keras.Model:
    keras.utils.set_random_seed(3)
    crops = keras.Input((SIDE, SIDE, 3), dtype=dtype, name="crops")
    x = layers.Rescaling(1 / 127.5, offset=-1.0)(crops)
    x = layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False)(x)
    x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
    x = layers.DepthwiseConv2D(3, padding="same")(x)
    x = layers.GlobalAveragePooling2D()(x)
    points = layers.Reshape((4, 2), name="points")(layers.Dense(8)(x))
    std = layers.Activation("softplus", name="std")(layers.Dense(4)(x))
    return keras.Model(crops, {"points": points, "std": std})


def detector_like() -> keras.Model:
    keras.utils.set_random_seed(4)
    images = keras.Input((None, None, 3), name="images")
    x = layers.Conv2D(8, 3, strides=4, padding="same", activation="relu")(images)
    fine = layers.Conv2D(8, 3, strides=2, padding="same")(x)
    coarse = layers.UpSampling2D(2)(layers.Conv2D(8, 3, strides=2, padding="same")(fine))
    x = layers.Conv2D(5, 1)(layers.Add()([fine, coarse]))
    rows = layers.Reshape((-1, 5))(x)
    boxes = layers.Lambda(lambda cells: cells[..., :4])(rows)
    scores = layers.Lambda(lambda cells: ops.sigmoid(cells[..., 4]))(rows)
    return keras.Model(images, [boxes, scores])


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "new" / "model.onnx"
    export_onnx(
        landmark_like("uint8"),
        path,
        pictures(10),
        input_name="crops",
        output_names=["points", "std"],
    )
    return path


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_the_file_takes_uint8_whatever_the_network_was_trained_with(
    tmp_path: Path, dtype: str
) -> None:
    model = landmark_like(dtype)
    export = export_onnx(
        model,
        tmp_path / "model.onnx",
        pictures(10),
        input_name="crops",
        output_names=["points", "std"],
    )
    assert export.parity.max_abs_difference <= 1e-5
    assert (export.parity.samples, export.parity.batches) == (10, (1, 3, 8))
    (source,) = export.graph.inputs
    assert (source.name, source.dtype, source.shape) == ("crops", "uint8", ("batch", SIDE, SIDE, 3))
    served = [(tensor.name, tensor.dtype, tensor.shape) for tensor in export.graph.outputs]
    assert served == [("points", "float32", ("batch", 4, 2)), ("std", "float32", ("batch", 4))]
    assert 0 < export.graph.parameters <= model.count_params() + 20
    session = onnxruntime.InferenceSession(str(export.path), providers=["CPUExecutionProvider"])
    images = pictures(5)
    (points,) = session.run(["points"], {"crops": images})
    expected = np.asarray(model(images.astype(dtype))["points"])
    np.testing.assert_allclose(points, expected, atol=1e-5)


def test_nothing_of_the_machine_stays_in_the_file(exported: Path) -> None:
    model = onnx.load(exported)
    content = exported.read_bytes()
    for trace in (str(Path.home()), "site-packages", str(exported.parent), "tf2onnx", "/tmp"):
        assert trace.encode() not in content
    assert (model.producer_name, model.doc_string, len(model.metadata_props)) == ("mien", "", 0)
    assert [entry.domain for entry in model.opset_import] == [""]
    assert model.opset_import[0].version == describe(exported).opset == 18


def test_a_detector_keeps_its_free_sides_under_their_names(tmp_path: Path) -> None:
    model = detector_like()
    export = export_onnx(
        model,
        tmp_path / "model.onnx",
        pictures(9, 32, 64),
        input_name="images",
        output_names=["boxes", "scores"],
        output_axes=["batch", "cells"],
        scales={"boxes": 64},
    )
    assert export.graph.inputs[0].shape == ("batch", "height", "width", 3)
    assert [tensor.shape for tensor in export.graph.outputs] == [
        ("batch", "cells", 4),
        ("batch", "cells"),
    ]
    session = onnxruntime.InferenceSession(str(export.path), providers=["CPUExecutionProvider"])
    for height, width in ((32, 32), (64, 96)):
        images = pictures(2, height, width)
        boxes, scores = session.run(["boxes", "scores"], {"images": images})
        wanted = [np.asarray(output) for output in model(images.astype(np.float32))]
        np.testing.assert_allclose(boxes, wanted[0], atol=1e-3, rtol=1e-5)
        np.testing.assert_allclose(scores, wanted[1], atol=1e-5)


def test_a_file_that_differs_from_the_network_is_refused_with_the_number(exported: Path) -> None:
    model = landmark_like("uint8")

    def shifted(images: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        outputs = {name: np.asarray(value) for name, value in model(images).items()}
        return outputs | {"std": outputs["std"] + np.float32(0.01)}

    with pytest.raises(ParityError, match=r"std at batch 3 is 1\.00e-02 from the network"):
        check_parity(exported, shifted, pictures(8))


def test_not_a_number_is_not_parity(exported: Path) -> None:
    def broken(images: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        count = len(images)
        nan = np.full((count, 4, 2), np.nan, np.float32)
        return {"points": nan, "std": np.zeros((count, 4), np.float32)}

    with pytest.raises(ParityError, match="nan"):
        check_parity(exported, broken, pictures(8))


def test_too_few_samples_prove_nothing(exported: Path) -> None:
    with pytest.raises(ValueError, match="5 samples cannot fill a batch of 8"):
        check_parity(exported, lambda _: {}, pictures(5))


def test_a_failed_export_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(ParityError):
        export_onnx(
            landmark_like("uint8"),
            tmp_path / "model.onnx",
            pictures(8),
            input_name="crops",
            output_names=["points", "std"],
            tolerance=0.0,
        )
    assert list(tmp_path.iterdir()) == []


def test_a_missing_output_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="rotation"):
        export_onnx(
            landmark_like("uint8"),
            tmp_path / "model.onnx",
            pictures(8),
            input_name="crops",
            output_names=["points", "rotation"],
        )
