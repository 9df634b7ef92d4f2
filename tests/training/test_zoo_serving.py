"""A large model of the zoo, whose file is not kept: exported untrained, and served."""

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

from app.main import create_app
from app.processes.server import Server, listen, server_config
from app.settings import ServerSettings, Settings
from tests.tiny_models import picture, write_card, write_detector
from training.export import export_onnx
from training.networks.resnet_points import resnet50_muct

SIZE = 224
INPUT: dict[str, Any] = {
    "name": "crops",
    "dtype": "uint8",
    "layout": "NHWC",
    "color": "RGB",
    "height": SIZE,
    "width": SIZE,
    "multiple_of": 1,
    "crop": {"scale": 1.3, "rule": "square"},
    "long_side": None,
}


def ready(address: str) -> bool:
    try:
        with urlopen(f"{address}/readyz", timeout=60) as response:
            return bool(response.status == 200)
    except HTTPError:
        return False


def ask(models: Path, name: str, path: str) -> dict[str, Any]:
    """The one face that a service with this model answers for a picture."""
    settings = Settings(models_dir=models, landmarks=(name,), self_test=False)
    loopback = ServerSettings(host="127.0.0.1", port=0)
    server = Server(server_config(create_app(settings), loopback))
    (listener,) = listen(loopback)
    thread = threading.Thread(target=lambda: server.run(sockets=[listener]), daemon=True)
    thread.start()
    try:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        for _ in range(600):  # a minute
            if server.started and ready(address):
                break
            time.sleep(0.1)
        pixels = picture(160, 200, {"white": (40, 50, 80, 100)})
        done, data = cv2.imencode(".png", pixels)
        assert done
        request = Request(address + path, data.tobytes(), {"Content-Type": "image/png"})
        with urlopen(request, timeout=60) as response:
            (face,) = json.load(response)["results"][0]["faces"]
        found: dict[str, Any] = face
        return found
    finally:
        server.should_exit = True
        thread.join(30)
        listener.close()


def test_it_is_exported_and_served(tmp_path: Path) -> None:
    keras.utils.set_random_seed(2)
    folder = tmp_path / "large"
    folder.mkdir()
    crops = np.random.default_rng(0).integers(0, 256, (8, SIZE, SIZE, 3), dtype=np.uint8)
    network = resnet50_muct(imagenet=False)
    export_onnx(network, folder / "model.onnx", crops, input_name="crops", output_names=["points"])
    output = {"name": "points", "shape": ["batch", 76, 2], "unit": "a", "meaning": "b"}
    card = {"task": "landmarks", "scheme": "muct-76", "input": INPUT, "outputs": [output]}
    write_card(folder, card)
    write_detector(tmp_path / "detector")
    face = ask(tmp_path, "large", "/landmarks")
    told = face["landmarks"]
    assert (told["scheme"], told["std"]) == ("muct-76", None)
    box, side = face["box"], 1.3 * np.sqrt(face["box"]["width"] * face["box"]["height"])
    corner = np.array([box["x"], box["y"]]) + (np.array([box["width"], box["height"]]) - side) / 2
    in_crop = (np.array(told["points"]) - corner) / side
    assert ((in_crop > -0.02) & (in_crop < 1.02)).all(), "a sigmoid keeps them in the crop"
    assert "unrated" in face["usable"]["reasons"]
