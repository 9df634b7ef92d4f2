"""The networks of the zoo: their sizes as on record, and what they answer."""

from collections.abc import Callable
from functools import partial

import keras
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from app.face.pnp import canonical_points
from app.face.rotation import from_euler
from training.networks import distances_mlp as distances
from training.networks import imagenet, vector_nets
from training.networks.landmarks import landmark_network
from training.networks.mobilenet_points import mobilenet_conv, mobilenet_dense
from training.networks.plain_cnn import cnn_128, cnn_450, cnn_450_scaled
from training.networks.resnet_points import resnet50_muct
from training.networks.rotation_forms import RotationFromAngles, RotationFromVector
from training.networks.unit_points import begin_at

Floats = NDArray[np.float32]


def heads(count: int = 12) -> Floats:
    """(n, 68, 2): the canonical head before the crop, turned every way and of several sizes."""
    rng = np.random.default_rng(3)
    turned = Rotation.from_euler("YXZ", rng.uniform(-30, 30, (count, 3)), degrees=True).as_matrix()
    points = canonical_points() @ np.swapaxes(turned, 1, 2) * rng.uniform(0.8, 1.2, (count, 1, 1))
    return (points[..., :2] / 250 + 0.45).astype(np.float32)


@pytest.mark.parametrize(
    ("build", "parameters", "shape"),
    [
        # cnn_450 is this but for the scaling; each takes 180 MB.
        (cnn_450_scaled, 44_946_762, (None, 21, 2)),
        (cnn_128, 1_739_434, (None, 21, 2)),
        (lambda: distances.distances_mlp(heads()), 45_823, (None, 3)),
        (lambda: distances.distances_mlp(heads(), repaired=True), 45_843, (None, 3)),
    ],
    ids=["cnn-450-scaled", "cnn-128", "distances-mlp", "distances-mlp-repaired"],
)
def test_the_networks_have_the_size_on_record(
    build: Callable[[], keras.Model], parameters: int, shape: tuple[int | None, ...]
) -> None:
    with keras.device("cpu"):
        network = build()
    assert network.count_params() == parameters
    assert network.output_shape == shape


C1 = (
    "pad 3, conv 32 3 same relu, pool 2, conv 64 3 same relu, pool 2, conv 128 3 same relu, pool 2,"
    " norm 0.94, relu, dense 1024 relu"
)
C2 = "pad 3, conv 18 3 same he, norm 0.99, relu, " + ", ".join(
    f"conv {n} 3 {stride}same he, norm 0.99, relu"
    for n in (32, 64, 128, 256, 512)
    for stride in ("s2 ", "")
)
# Whether the dense layer of cnn-128 had an activation is not on record.
CNN_128 = (
    "conv 32 3 same relu, pool 2, conv 64 3 relu, conv 64 3 relu, pool 2, conv 64 3 relu, "
    "conv 64 3 relu, pool 2, conv 128 3 relu, conv 128 3 relu, pool 2, conv 256 3 relu, flatten, "
    "dense 1024 relu, dense 42"
)
CNN_450 = (
    "conv 16 5 same relu, pool 10, conv 32 5 relu, conv 64 5 relu, flatten, dense 512, dense 42"
)
# What follows the trunk.
C_RESNET = "norm 0.94, relu, drop 0.3, dense 1024 relu, flatten, drop 0.5, dense 3"
MUCT = "mean, dense 152 sigmoid"
NARROWED = "conv 16 3 same, norm 0.99, relu, conv 32 3 s2 same, norm 0.99, relu, "


@pytest.mark.parametrize(
    ("build", "trunk", "told"),
    [
        (vector_nets.c1_net, "scale", f"{C1}, flatten, dense 3"),
        (partial(vector_nets.c1_net, pooled=True), "scale", f"{C1}, mean, dense 3"),
        (
            vector_nets.c2_net,
            "scale",
            f"{C2}, drop 0.3, dense 1024 relu, flatten, drop 0.5, dense 3",
        ),
        (partial(vector_nets.c_resnet, False), "conv5_block3_out", C_RESNET),
        (cnn_128, "scale", CNN_128),
        (cnn_450, "crops", CNN_450),
        (cnn_450_scaled, "scale", CNN_450),
        (partial(resnet50_muct, False), "conv5_block3_out", MUCT),
        (partial(mobilenet_conv, False), "block_8_add", f"{NARROWED}conv 136 7"),
        (partial(mobilenet_dense, False), "block_8_add", f"{NARROWED}flatten, dense 136"),
        (
            lambda: distances.distances_mlp(heads()),
            "points",
            "PairDistances, Standardised, dense 20 relu l2, dense 10 relu l2, dense 3",
        ),
    ],
)
def test_the_networks_are_those_of_the_table_layer_by_layer(
    build: Callable[[], keras.Model], trunk: str, told: str
) -> None:
    """trunk: the last layer before them, or the kind of the one that scales pixels."""
    layers = build().layers
    names = ["scale" if isinstance(one, keras.layers.Rescaling) else one.name for one in layers]
    tail = layers[names.index(trunk) + 1 :]
    shaping = (keras.layers.Reshape, keras.layers.Rescaling)  # to points of the unit crop
    found = [described(layer) for layer in tail if not isinstance(layer, shaping)]
    assert ", ".join(found) == told


def described(layer: keras.Layer) -> str:
    """A layer in the words of the table; its own name for those that are ours."""
    config = layer.get_config()
    match layer:
        case keras.layers.Conv2D():
            (side,) = set(layer.kernel_size)
            words = [f"conv {layer.filters} {side}"]
            words += ["s2"] if layer.strides == (2, 2) else []
            words += ["same"] if layer.padding == "same" else []
            words += (
                ["he"] if isinstance(layer.kernel_initializer, keras.initializers.HeNormal) else []
            )
        case keras.layers.Dense():
            words = [f"dense {layer.units}"]
        case keras.layers.MaxPooling2D():
            words = [f"pool {layer.pool_size[0]}"]
        case keras.layers.ZeroPadding2D():
            words = [f"pad {layer.padding[0][0]}"]
        case keras.layers.BatchNormalization():
            words = [f"norm {layer.momentum}"]
        case keras.layers.Dropout():
            words = [f"drop {layer.rate}"]
        case keras.layers.GlobalAveragePooling2D():
            words = ["mean"]
        case keras.layers.Flatten() | keras.layers.ReLU():
            words = [type(layer).__name__.lower()]
        case _:
            words = [type(layer).__name__]
    words += [config["activation"]] if config.get("activation", "linear") != "linear" else []
    words += ["l2"] if config.get("kernel_regularizer") else []
    return " ".join(words)


def test_a_read_out_begins_at_given_points() -> None:
    network = cnn_128()
    points = np.random.default_rng(0).uniform(0.2, 0.8, (21, 2)).astype(np.float32)
    begin_at(network, points)
    crops = np.random.default_rng(1).integers(0, 256, (3, 128, 128, 3)).astype(np.float32)
    np.testing.assert_allclose(network(crops), np.tile(points, (3, 1, 1)), atol=0.05)
    blind = np.zeros_like(network.layers[-3].get_weights()[0])
    network.layers[-3].kernel.assign(blind)
    np.testing.assert_allclose(network(crops), np.tile(points, (3, 1, 1)), atol=1e-6)


def test_the_mobilenets_differ_in_their_read_out_alone() -> None:
    convolutional, dense = mobilenet_conv(False), mobilenet_dense(False)
    assert convolutional.output_shape == dense.output_shape == (None, 68, 2)
    assert convolutional.count_params() == dense.count_params()
    momenta = {layer.momentum for layer in convolutional.layers if hasattr(layer, "momentum")}
    assert max(momenta) <= 0.99, "what is served must follow within a short run"
    assert convolutional.get_layer("block_8_add").output.shape[1:] == (14, 14, 64)
    crops = np.zeros((1, 224, 224, 3), np.float32)
    assert convolutional(crops).shape == dense(crops).shape == (1, 68, 2)


def test_the_resnets_give_their_shapes_and_freeze_only_what_has_learnt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    muct = resnet50_muct(False)
    assert muct.output_shape == (None, 76, 2)
    assert muct.count_params() == 23_899_160
    assert {layer.momentum for layer in muct.layers if hasattr(layer, "momentum")} == {0.97}
    everything = vector_nets.c_resnet(False)
    assert everything.output_shape == (None, 3)
    trainable = len(everything.trainable_weights)
    made = imagenet.resnet50
    monkeypatch.setattr(vector_nets, "resnet50", lambda size, _imagenet: made(size, False))
    frozen = vector_nets.c_resnet(True)
    assert frozen.count_params() == everything.count_params()
    assert 0 < len(frozen.trainable_weights) < trainable
    by_name = {layer.name: layer.trainable for layer in frozen.layers}
    assert by_name["conv4_block4_1_conv"]
    assert by_name["conv5_block1_1_conv"]
    assert not by_name["conv4_block3_3_conv"]
    assert not by_name["conv1_conv"]


@pytest.mark.parametrize(
    ("build", "parameters"),
    [
        (vector_nets.c1_net, 2_634_307),
        (partial(vector_nets.c1_net, pooled=True), 228_931),
        (vector_nets.c2_net, 5_446_979),
        (partial(vector_nets.c2_net, pooled=True), 5_253_443),
    ],
)
def test_the_vector_nets_are_served_as_rotations(
    build: Callable[[], keras.Model], parameters: int
) -> None:
    network = build()
    assert network.count_params() == parameters
    assert network.output_shape == (None, 3)
    crops = np.random.default_rng(0).uniform(0, 255, (2, 224, 224, 3)).astype(np.float32)
    vectors = np.asarray(network(crops))
    served = np.asarray(vector_nets.rotation_network(network)(crops))
    np.testing.assert_allclose(served, Rotation.from_rotvec(vectors).as_matrix(), atol=1e-5)


def test_where_imagenets_weights_cannot_be_had_it_says_so_and_goes_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def build(wanted: bool) -> keras.Model:
        if wanted:
            raise Exception("URL fetch failure")  # what Keras raises
        return keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])

    network, had = imagenet.with_imagenet(build)
    assert not had
    assert network.count_params() == 2
    assert capsys.readouterr().err.count("URL fetch failure") == 1


def test_resnet_sees_blue_first_and_without_the_mean() -> None:
    pixel = np.array([[[[10.0, 20.0, 30.0]]]], np.float32)
    (seen,) = np.asarray(imagenet.MeanlessBgr()(pixel)).reshape(1, 3)
    np.testing.assert_allclose(seen, [30 - 103.939, 20 - 116.779, 10 - 123.68], rtol=1e-6)


def test_points_in_pixels_are_served_in_the_unit_crop() -> None:
    network = cnn_128()
    last = next(
        layer for layer in reversed(network.layers) if isinstance(layer, keras.layers.Dense)
    )
    kernel, bias = last.get_weights()
    last.set_weights([np.zeros_like(kernel), np.full_like(bias, 127.5)])
    crops = np.zeros((1, 128, 128, 3), np.float32)
    np.testing.assert_allclose(np.asarray(network(crops)), 1.0, atol=1e-6)


def test_vectors_become_the_rotations_of_scipy_at_every_angle() -> None:
    rng = np.random.default_rng(1)
    axes = rng.normal(size=(200, 3))
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    angles = np.concatenate([[0.0], np.geomspace(1e-8, np.pi, 150), rng.uniform(0, 9, 49)])
    vectors = (axes * angles[:, None]).astype(np.float32)
    found = np.asarray(RotationFromVector()(vectors))
    np.testing.assert_allclose(found, Rotation.from_rotvec(vectors).as_matrix(), atol=2e-6)


def test_the_gradient_at_no_rotation_is_finite() -> None:
    import tensorflow as tf

    vectors = tf.constant([[0.0, 0.0, 0.0], [1e-12, 0.0, 0.0], [0.3, -0.2, 0.1]])
    with tf.GradientTape() as tape:
        tape.watch(vectors)
        entry = tf.reduce_sum(RotationFromVector()(vectors)[:, 2, 1])
    gradient = tape.gradient(entry, vectors).numpy()
    assert np.isfinite(gradient).all()
    np.testing.assert_allclose(gradient[0], [1, 0, 0], atol=1e-6)


def test_angles_become_the_rotations_of_the_convention() -> None:
    angles = np.random.default_rng(2).uniform(-89, 89, (50, 3)).astype(np.float32)
    roll, pitch, yaw = angles.T
    found = np.asarray(RotationFromAngles()(angles))
    np.testing.assert_allclose(found, from_euler(yaw, pitch, roll), atol=2e-6)


def turned(points: Floats, degrees: float) -> Floats:
    """Points turned clockwise in the picture about the crop's middle."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    matrix = np.array([[cosine, -sine], [sine, cosine]])
    return ((points - 0.5) @ matrix.T + 0.5).astype(np.float32)


def test_distances_say_nothing_of_roll_and_the_repaired_form_does() -> None:
    points = heads()
    plain, repaired = distances.PairDistances(False), distances.PairDistances(True)
    before, after = np.asarray(plain(points)), np.asarray(plain(turned(points, 20)))
    assert before.shape == (12, 2278)
    expected = np.linalg.norm(points[:, 3] - points[:, 60], axis=-1)
    column = 3 * 68 - 3 * 4 // 2 + (60 - 3 - 1)  # of the pair (3, 60) among all, row by row
    np.testing.assert_allclose(before[:, column], expected, atol=1e-4)
    np.testing.assert_allclose(after, before, atol=1e-4)
    changes = np.asarray(repaired(turned(points, 20))) - np.asarray(repaired(points))
    np.testing.assert_allclose(changes[:, -1], 20, atol=1e-2)
    np.testing.assert_allclose(changes[:, :-1], 0, atol=5e-3)


def test_the_repaired_form_does_not_see_the_size_of_the_face() -> None:
    points = heads()
    small = (points - 0.5) * 0.5 + 0.5
    plain, repaired = distances.PairDistances(False), distances.PairDistances(True)
    np.testing.assert_allclose(np.asarray(plain(small)) * 2, np.asarray(plain(points)), atol=1e-3)
    np.testing.assert_allclose(np.asarray(repaired(small)), np.asarray(repaired(points)), atol=5e-3)


def test_roll_is_learnt_from_the_repaired_features_alone() -> None:
    rng = np.random.default_rng(7)
    angles = rng.uniform(-30, 30, (1500, 3)).astype(np.float32)  # roll, pitch, yaw
    roll, pitch, yaw = angles.T
    seen = canonical_points() @ np.swapaxes(from_euler(yaw, pitch, roll), 1, 2)
    points = (seen[..., :2] / 250 + 0.45).astype(np.float32)
    errors = {}
    for repaired, epochs in ((False, 10), (True, 40)):
        keras.utils.set_random_seed(0)
        network = distances.distances_mlp(points, repaired=repaired)
        network.compile(keras.optimizers.Adam(3e-3), loss="mse", jit_compile=False)
        network.fit(points, angles, batch_size=64, epochs=epochs, verbose=0)
        predicted = network.predict(points, verbose=0)
        errors[repaired] = np.abs(predicted - angles).mean(axis=0)
    assert errors[False][0] > 12, "always 0 is off by 15"
    assert errors[True][0] < 6
    assert errors[False][2] < 6, "yaw shows in the distances"


def test_features_are_standardised_by_the_training_faces() -> None:
    points = heads()
    network = distances.distances_mlp(points)
    standardised = keras.Model(network.input, network.get_layer(index=2).output)
    values = np.asarray(standardised(points))
    np.testing.assert_allclose(values.mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(values.std(axis=0), 1, atol=1e-2)


def test_points_that_fall_together_give_numbers_all_the_same() -> None:
    network = distances.distances_mlp(heads(), repaired=True)
    assert np.isfinite(np.asarray(network(np.full((1, 68, 2), 0.5, np.float32)))).all()


def test_the_posing_network_reads_its_rotation_off_the_points_it_finds() -> None:
    trained = distances.distances_mlp(heads())
    landmarks = landmark_network(32, 68)
    served = distances.posing_network(landmarks, trained)
    crops = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 3)).astype(np.float32)
    answers = {name: np.asarray(values) for name, values in served(crops).items()}
    np.testing.assert_allclose(answers["points"], np.asarray(landmarks(crops))[..., :2], atol=1e-6)
    roll, pitch, yaw = np.asarray(trained(answers["points"])).T
    np.testing.assert_allclose(answers["rotation"], from_euler(yaw, pitch, roll), atol=1e-5)
