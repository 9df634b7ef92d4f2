"""Every published model of the zoo, asked by name over HTTP for a rendered head; large ones where
their files were rebuilt.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from app.face.card import ModelCard, load_card
from app.face.landmarks import scheme
from app.settings import Settings
from tests.golden_heads import head
from tests.service.serving import Service, encoded, faces, running

MODELS = Settings().models_dir
CARDS, LARGE = (
    {
        card.name: card
        for path in sorted(MODELS.glob(f"{places}/card.json"))
        if (card := load_card(path.parent)).recipe.code.startswith("training/recipes/zoo_")
        and (path.parent / card.file.name).is_file()
    }
    for places in ("*", "large/*")
)
TELLS = {name: {output.name for output in card.outputs} for name, card in CARDS.items()}


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    names = (Settings().landmarks[0], *CARDS)
    with running(Settings(landmarks=names, self_test=False)) as started:
        yield started


def ask(service: Service, path: str, picture: str, model: str) -> dict[str, Any]:
    one = head(picture)
    box = ",".join(map(str, one.box.tolist()))
    response = service.client.post(
        path,
        content=encoded(one.pixels),
        params={"box": box, "model": model, **one.camera},
        headers={"content-type": "image/png"},
    )
    (face,) = faces(response)
    return face


def named(name: str) -> dict[str, Any]:
    """The five places of the frontal head."""
    return scheme("ibug-68").named(head(name).points)


def test_the_small_ones_are_shipped() -> None:
    assert set(CARDS) == {
        "c1-net", "c1-net-pooled", "cnn-128", "cnn-128-long", "cnn-128-repaired", "distances-mlp",
        "distances-mlp-repaired", "mobilenetv2-conv", "mobilenetv2-dense",
    }  # fmt: skip


@pytest.mark.parametrize("model", [name for name, told in TELLS.items() if "points" in told])
def test_points_in_the_models_own_scheme(service: Service, model: str) -> None:
    card: ModelCard = CARDS[model]
    told = ask(service, "/landmarks", "frontal.png", model)["landmarks"]
    assert told["scheme"] == card.scheme
    assert len(told["points"]) == len(scheme(card.scheme or ""))
    truth = named("frontal.png")
    apart = np.linalg.norm(truth["left_eye"] - truth["right_eye"])
    errors = [np.linalg.norm(told["named"][place] - truth[place]) for place in truth]
    assert np.mean(errors) < 0.3 * apart


@pytest.mark.parametrize("model", [name for name, told in TELLS.items() if "rotation" in told])
def test_a_head_that_turns_is_seen_to_turn(service: Service, model: str) -> None:
    right, left = (
        ask(service, "/pose", f"yaw-{side}-30.png", model)["pose"] for side in ("plus", "minus")
    )
    assert right["method"] == "direct"
    assert right["yaw"] > left["yaw"] + 20


@pytest.mark.parametrize("card", LARGE.values(), ids=LARGE)
def test_a_large_one_that_was_rebuilt_answers(card: ModelCard) -> None:
    """Some are hardly trained, so what they answer is not judged here."""
    with running(Settings(landmarks=(f"large/{card.name}",), self_test=False)) as started:
        if card.task == "pose":
            matrix = np.array(ask(started, "/pose", "frontal.png", card.name)["pose"]["matrix"])
            np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-4)
            return
        told = ask(started, "/landmarks", "frontal.png", card.name)["landmarks"]
        assert told["scheme"] == card.scheme
        assert len(told["points"]) == len(scheme(card.scheme or ""))
