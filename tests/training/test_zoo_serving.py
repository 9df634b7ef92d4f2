"""The large models of the zoo, whose files are not kept: exported untrained, and served."""

import json
import threading
import time
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import cv2
import keras
import numpy as np
import pytest

from app.face.landmarks import scheme
from app.main import create_app
from app.processes.server import Server, listen, server_config
from app.settings import ServerSettings, Settings
from tests.tiny_models import crops_input, picture, write_card, write_detector, write_landmarks
from training.export import export_onnx
from training.networks.vector_nets import rotation_network
from training.recipes.zoo_landmarks import CNN_450, RESNET50_MUCT
from training.recipes.zoo_vectors import C2_NET, C_RESNET
from training.zoo.landmark_recipe import LandmarkZooRecipe
from training.zoo.vector_recipe import VectorZooRecipe

PATIENCE = 180.0
POINTS = {"name": "points", "unit": "a", "meaning": "b"}
ROTATION = {"name": "rotation", "shape": ["batch", 3, 3], "unit": "a", "meaning": "b"}


def ready(address: str) -> bool:
    try:
        with urlopen(f"{address}/readyz", timeout=60) as response:
            return bool(response.status == 200)
    except HTTPError:
        return False


def ask(models: Path, name: str, path: str) -> dict[str, Any]:
    """The one face that this model, the second one of a service, answers for a picture."""
    write_landmarks(models / "first")
    settings = Settings(models_dir=models, landmarks=("first", name), self_test=False)
    loopback = ServerSettings(host="127.0.0.1", port=0)
    server = Server(server_config(create_app(settings), loopback))
    (listener,) = listen(loopback)
    thread = threading.Thread(target=lambda: server.run(sockets=[listener]), daemon=True)
    thread.start()
    try:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        until = time.monotonic() + PATIENCE
        while not (server.started and ready(address)):
            assert time.monotonic() < until, "it never became ready"
            time.sleep(0.1)
        pixels = picture(160, 200, {"white": (40, 50, 80, 100)})
        done, data = cv2.imencode(".png", pixels)
        assert done
        asked = f"{address}{path}?model={Path(name).name}"
        request = Request(asked, data.tobytes(), {"Content-Type": "image/png"})
        with urlopen(request, timeout=60) as response:
            (face,) = json.load(response)["results"][0]["faces"]
        found: dict[str, Any] = face
        return found
    finally:
        server.should_exit = True
        thread.join(30)
        listener.close()


def write_untrained(
    folder: Path, network: keras.Model, output: dict[str, Any], **card: Any
) -> None:
    """As the recipe's export leaves it, with a card as its `card` would write it."""
    size = network.input_shape[1]
    crops = np.random.default_rng(0).integers(0, 256, (8, size, size, 3), dtype=np.uint8)
    folder.mkdir(parents=True)
    export_onnx(
        network, folder / "model.onnx", crops, input_name="crops", output_names=[output["name"]]
    )
    write_card(folder, {**card, "input": crops_input(size), "outputs": [output]})
    write_detector(folder.parents[1] / "detector")


@pytest.mark.parametrize("recipe", [CNN_450, RESNET50_MUCT], ids=lambda recipe: recipe.name)
def test_points_are_exported_and_served(tmp_path: Path, recipe: LandmarkZooRecipe) -> None:
    keras.utils.set_random_seed(2)
    folder = tmp_path / "large" / recipe.name
    output = {**POINTS, "shape": ["batch", len(scheme(recipe.scheme)), 2]}
    write_untrained(folder, recipe.network(False), output, task="landmarks", scheme=recipe.scheme)
    face = ask(tmp_path, f"large/{recipe.name}", "/landmarks")
    told = face["landmarks"]
    assert (told["scheme"], told["std"]) == (recipe.scheme, None)
    assert len(told["points"]) == len(scheme(recipe.scheme))
    assert "unrated" in face["usable"]["reasons"]
    if recipe is RESNET50_MUCT:
        box, side = face["box"], 1.3 * np.sqrt(face["box"]["width"] * face["box"]["height"])
        middle = np.array([box["x"] + box["width"] / 2, box["y"] + box["height"] / 2])
        in_crop = (np.array(told["points"]) - middle) / side + 0.5
        assert ((in_crop > -0.02) & (in_crop < 1.02)).all(), "a sigmoid keeps them in the crop"


@pytest.mark.parametrize("recipe", [C2_NET, C_RESNET], ids=lambda recipe: recipe.name)
def test_rotations_are_exported_and_served(tmp_path: Path, recipe: VectorZooRecipe) -> None:
    keras.utils.set_random_seed(2)
    folder = tmp_path / "large" / recipe.name
    network = rotation_network(recipe.network(False))
    write_untrained(folder, network, ROTATION, task="pose", scheme=None)
    pose = ask(tmp_path, f"large/{recipe.name}", "/pose")["pose"]
    rotation = np.array(pose["matrix"]).reshape(3, 3)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-4)
    assert np.linalg.det(rotation) == pytest.approx(1, abs=1e-4)
    assert pose["method"] == "direct"
