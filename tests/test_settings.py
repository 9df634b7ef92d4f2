"""Settings come from MIEN_*, are checked, and do not change."""

from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from app.__main__ import main
from app.settings import Settings, unknown_variables


def test_defaults() -> None:
    settings = Settings()
    assert settings.models_dir == Path(__file__).parents[1] / "models"
    for name in (*settings.landmarks, settings.detector):
        assert (settings.models_dir / name / "card.json").is_file()
    assert (settings.server.port, settings.limits.max_images) == (8000, 32)
    assert settings.workers == "auto"


@pytest.mark.parametrize(("text", "workers"), [("auto", "auto"), ("1", 1), ("16", 16)])
def test_workers(monkeypatch: pytest.MonkeyPatch, text: str, workers: int | str) -> None:
    monkeypatch.setenv("MIEN_WORKERS", text)
    assert Settings().workers == workers


def test_nested_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIEN_SERVER__PORT", "9000")
    monkeypatch.setenv("MIEN_LIMITS__MAX_IMAGES", "8")
    monkeypatch.setenv("MIEN_LANDMARKS", '["a", "b"]')
    monkeypatch.setenv("MIEN_MODELS_DIR", "elsewhere")
    monkeypatch.setenv("MIEN_DETECTOR_SIZE", "512")
    settings = Settings()
    assert (settings.server.port, settings.limits.max_images) == (9000, 8)
    assert settings.detector_size == 512
    assert settings.landmarks == ("a", "b")
    assert settings.models_dir == Path("elsewhere")
    # The others of a group keep their defaults.
    assert settings.server.host == "0.0.0.0"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("face-68", ("face-68",)),
        ("face-68, large/resnet50-muct", ("face-68", "large/resnet50-muct")),
        (' ["face-68"]', ("face-68",)),
    ],
)
def test_lists(monkeypatch: pytest.MonkeyPatch, text: str, names: tuple[str, ...]) -> None:
    monkeypatch.setenv("MIEN_LANDMARKS", text)
    assert Settings().landmarks == names


@pytest.mark.parametrize("text", ["1,4,16", "[1, 4, 16]"])
def test_lists_of_numbers(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("MIEN_INFERENCE__GPU_BATCH_SIZES", text)
    assert Settings().inference.gpu_batch_sizes == (1, 4, 16)


def test_no_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIEN_DETECTOR", "")
    assert Settings().detector == ""


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("MIEN_LANDMARKS", "[face-68", "landmarks"),
        ("MIEN_LANDMARKS", '{"a": 1}', "landmarks"),
        ("MIEN_LANDMARKS", "", "landmarks"),
        ("MIEN_INFERENCE__GPU_BATCH_SIZES", "few", "inference.gpu_batch_sizes"),
        ("MIEN_LIMITS", "{", "MIEN_LIMITS__MAX_IMAGES=8"),
        ("MIEN_SERVER", "9000", "server"),
    ],
)
def test_the_command_says_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
    said: str,
) -> None:
    monkeypatch.setenv(name, value)
    assert main(["self-test"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("The settings MIEN_* are wrong.")
    assert said in told


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MIEN_SERVER__PORT", "70000"),
        ("MIEN_WORKERS", "0"),
        ("MIEN_WORKERS", "many"),
        ("MIEN_LIMITS__MAX_IMAGES", "0"),
        ("MIEN_LIMITS__MAX_IMAGE", "8"),
        ("MIEN_INFERENCE__DEVICE", "gpu"),
        ("MIEN_LANDMARKS", "[]"),
        ("MIEN_LANDMARKS", '["a", "b", "a"]'),
        ("MIEN_LIMITS__MAX_BUFFERED_BYTES", "1000"),
        ("MIEN_DETECTOR_SIZE", "330"),
        ("MIEN_DETECTOR_SIZE", "32"),
        ("MIEN_DETECTOR_SIZE", "2080"),
        ("MIEN_INFERENCE__DETECTOR_PADDING", "-1"),
    ],
)
def test_wrong_values_and_unknown_names(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError):
        Settings()


def test_frozen() -> None:
    with pytest.raises(ValidationError):
        Settings().self_test = False  # type: ignore[misc]


def test_every_setting_is_described() -> None:
    def silent(model: type[BaseModel]) -> list[str]:
        found = []
        for name, field in model.model_fields.items():
            if isinstance(field.default, BaseModel):
                found += silent(type(field.default))
            elif not field.description:
                found.append(name)
        return found

    assert silent(Settings) == []


def test_names_that_only_look_like_settings_are_told() -> None:
    names = [
        "MIEN_LANDMARK",  # misspelt
        "MIEN_PORT",  # of Kubernetes
        "MIEN_LANDMARKS",
        "mien_workers",
        "MIEN_LIMITS__MAX_IMAGE",  # pydantic's affair
        "PATH",
    ]
    assert unknown_variables(names) == ["MIEN_LANDMARK", "MIEN_PORT"]
