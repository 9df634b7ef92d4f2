"""A start that is declared commercial takes no model whose card forbids that."""

import logging
from pathlib import Path

import pytest

from app.errors import LicenceError
from app.face.card import CardError
from app.licences import refuse_unlicensed
from app.main import create_app
from app.open_models import load_models
from app.settings import Settings
from tests.tiny_models import write_detector, write_landmarks

RESEARCH = {
    "edition": "research",
    "weights": "none",
    "commercial_use": "no",
    "sentence": "Learnt from data for research.",
}


@pytest.fixture
def models_dir(tmp_path: Path) -> Path:
    write_detector(tmp_path / "detector", licence=RESEARCH)
    write_landmarks(tmp_path / "free")
    write_landmarks(tmp_path / "research", licence=RESEARCH)
    return tmp_path


def settings(models_dir: Path, *landmarks: str, detector: str = "") -> Settings:
    return Settings(
        models_dir=models_dir,
        landmarks=landmarks,
        detector=detector,
        commercial_use=True,
        self_test=False,
    )


def test_every_model_that_is_not_licensed_is_named_with_a_remedy(models_dir: Path) -> None:
    with pytest.raises(LicenceError) as caught:
        load_models(settings(models_dir, "free", "research", detector="detector"))
    message = str(caught.value)
    assert "research, detector" in message
    assert "MIEN_LANDMARKS=face-68 and MIEN_DETECTOR=" in message
    with pytest.raises(LicenceError, match="Set MIEN_DETECTOR= ") as caught:
        refuse_unlicensed(settings(models_dir, "free", detector="detector"))
    assert "MIEN_LANDMARKS" not in str(caught.value)


def test_free_models_are_loaded(models_dir: Path) -> None:
    (model,) = load_models(settings(models_dir, "free")).all
    assert model.card.name == "free"
    everything = settings(models_dir, "research", detector="detector")
    assert load_models(everything.model_copy(update={"commercial_use": False})).all


def test_a_folder_without_a_card_is_told_as_ever(models_dir: Path) -> None:
    with pytest.raises(CardError, match="none"):
        refuse_unlicensed(settings(models_dir, "none"))


async def test_the_service_does_not_start(
    models_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(settings(models_dir, "research"))
    with pytest.raises(LicenceError):
        async with app.router.lifespan_context(app):
            pass
    (record,) = [one for one in caplog.records if one.levelno == logging.CRITICAL]
    assert "not for commercial use: research" in record.getMessage()
