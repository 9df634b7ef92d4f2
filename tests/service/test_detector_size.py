"""MIEN_DETECTOR_SIZE through the whole service."""

from pathlib import Path

import pytest

from app.__main__ import main as command
from app.settings import Settings
from tests.golden_heads import far_away, head
from tests.service.serving import ONE_FACE, encoded, faces, raw, running


@pytest.mark.parametrize("size", [64, 640])
def test_the_shipped_models_pass_their_self_test_at_other_sizes(size: int) -> None:
    """The recorded numbers hold for the size of the card; at others the truth is compared."""
    with running(Settings(detector_size=size)) as service:
        assert service.app.state.readiness.get().models.detector.detector.long_side == size


def test_a_larger_size_finds_smaller_faces() -> None:
    # 20 pixels in the picture are 5 in an input of 320.
    picture = far_away(head("frontal.png"), 20, (1280, 960), (700, 300)).pixels
    found = {}
    for size in (320, 1280):
        with running(Settings(detector_size=size, self_test=False)) as service:
            found[size] = len(faces(raw(service.client, "/landmarks", encoded(picture))))
    assert found == {320: 0, 1280: 1}


def test_nothing_is_recorded_at_another_size(
    golden: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MIEN_MODELS_DIR", str(golden))
    monkeypatch.setenv("MIEN_DETECTOR_SIZE", "256")
    monkeypatch.setattr("app.__main__.configure_logging", lambda _: None)
    before = (golden / "self-test" / "expected.json").read_bytes()
    assert command(["self-test", "--record"]) == 1
    assert "MIEN_DETECTOR_SIZE" in capsys.readouterr().err
    assert (golden / "self-test" / "expected.json").read_bytes() == before


def test_a_colour_is_found_at_every_size(models_dir: Path) -> None:
    for size in (64, 320, 2048):
        settings = Settings(models_dir=models_dir, self_test=False, detector_size=size)
        with running(settings) as service:
            assert len(faces(raw(service.client, "/landmarks", ONE_FACE))) == 1
