"""`python -m app tune` on tiny models: what it prints and writes, and its worker processes."""

import argparse
import multiprocessing
from pathlib import Path

import cv2
import pytest

from app.__main__ import _parser
from app.commands import tune
from app.commands.tune_workers import _answers, joined, workers_row
from app.errors import StartUpError
from app.settings import InferenceSettings, Settings
from app.tuning.choice import WorkersRow
from app.tuning.timing import Sample
from app.tuning.variants import Variant
from tests.tiny_models import picture, write_detector, write_landmarks

VARIANT, GPU = Variant("cpu", "fp32"), Variant("cuda", "fp32")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    write_detector(tmp_path / "detector")
    write_landmarks(tmp_path / "landmarks-68")
    (tmp_path / "self-test").mkdir()
    face = picture(320, 224, {"red": (60, 50, 80, 80)})[..., ::-1]
    assert cv2.imwrite(str(tmp_path / "self-test" / "face.png"), face)
    return Settings(
        models_dir=tmp_path,
        landmarks=("landmarks-68",),
        inference=InferenceSettings.model_validate({"max_batch": 1}),
    )


def jpeg(settings: Settings) -> bytes:
    image = cv2.imread(str(settings.models_dir / "self-test" / "face.png"))
    assert image is not None
    return bytes(cv2.imencode(".jpg", image)[1])


def test_a_worker_counts_its_images(settings: Settings) -> None:
    row = workers_row(settings, VARIANT, 1, jpeg(settings), 1.0)
    assert row.workers == 1
    assert row.seconds.median > 0
    assert row.cpu_ms > 0


def test_a_worker_that_cannot_start_says_why(settings: Settings) -> None:
    data = jpeg(settings)
    (settings.models_dir / "detector" / "model.onnx").unlink()
    with pytest.raises(StartUpError, match=r"A worker could not measure: .*model.onnx"):
        workers_row(settings, VARIANT, 1, data, 1.0)


def test_two_measurements_are_joined_with_the_spread_between_them() -> None:
    rows = [
        WorkersRow(VARIANT, 2, Sample(0.010, 0.009, 0.011, 5), 4.0, 200),
        WorkersRow(VARIANT, 2, Sample(0.020, 0.019, 0.021, 5), 5.0, 210),
    ]
    assert joined(rows) == WorkersRow(VARIANT, 2, Sample(0.015, 0.009, 0.021, 10), 4.0, 210)


def test_the_command_prints_tables_and_writes_settings(
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked: list[tuple[int, int | None]] = []

    def fake(
        own: Settings, variant: Variant, workers: int, data: bytes, seconds: float
    ) -> WorkersRow:
        assert data[:2] == b"\xff\xd8"
        assert seconds > 0
        assert (own.inference.device, own.inference.threads) == (variant.device, variant.threads)
        if variant == GPU:
            assert workers == 1
            raise StartUpError("its memory is full")
        asked.append((workers, variant.threads))
        time = 0.001 * workers
        return WorkersRow(variant, workers, Sample(time, time, time, 5), 1.0, 100)

    monkeypatch.setattr(tune, "workers_row", fake)
    monkeypatch.setattr(tune, "finalists", lambda _: [VARIANT, GPU])
    monkeypatch.setattr(tune, "cpu_count", lambda: 4)
    monkeypatch.setattr(tune, "thread_counts", lambda: [1, 2, 4])
    path = tmp_path / "mien.env"
    status = tune.run(settings, argparse.Namespace(seconds=0.1, write=str(path)))
    assert status == 0
    assert asked == [(4, 1), (2, 2), (1, 4)] * 2
    lines = path.read_text(encoding="utf-8").splitlines()
    assert "MIEN_WORKERS=1" in lines
    assert "MIEN_INFERENCE__THREADS=4" in lines
    said = capsys.readouterr()
    assert "ms per item" in said.out
    assert "images/s" in said.out
    assert said.out.count("not here: cuda fp32: its memory is full") == 1
    assert all(line in said.out for line in lines)
    assert "measuring" in said.err


def test_a_file_that_cannot_be_written_is_told_before_anything_is_measured(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "nowhere" / "mien.env"
    assert tune.run(settings, argparse.Namespace(seconds=0.1, write=str(path))) == 1
    said = capsys.readouterr()
    assert "Give --write a file that can be written" in said.err
    assert "measuring" not in said.err


def test_what_was_written_before_stays_where_nothing_is_measured(
    settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "mien.env"
    path.write_text("MIEN_WORKERS=3\n")
    (settings.models_dir / "self-test" / "face.png").unlink()
    assert tune.run(settings, argparse.Namespace(seconds=0.1, write=str(path))) == 1
    assert path.read_text() == "MIEN_WORKERS=3\n"


def test_without_models_it_fails_with_the_reason(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    (settings.models_dir / "self-test" / "face.png").unlink()
    assert tune.run(settings, argparse.Namespace(seconds=0.1, write=None)) == 1
    assert "face.png" in capsys.readouterr().err


def test_the_command_line_knows_it() -> None:
    chosen = _parser().parse_args(["tune", "--write", "x.env", "--seconds", "5"])
    assert (chosen.module, chosen.write, chosen.seconds) == ("tune", "x.env", 5.0)


@pytest.mark.parametrize(("word", "reason"), [("no such model", "no such model"), ("", "memory")])
def test_the_worker_that_failed_first_is_told_about(word: str, reason: str) -> None:
    """The others only say that another one did, whichever of them is heard first."""
    pipes = [multiprocessing.Pipe(duplex=False) for _ in range(3)]
    let_go = []

    class Barrier:
        def abort(self) -> None:
            let_go.append(True)
            for _, there in (pipes[0], pipes[2]):
                if not there.closed:
                    there.send("another one failed")
                    there.close()

    failed = pipes[1][1]
    if word:
        failed.send(word)
    failed.close()
    with pytest.raises(StartUpError, match=reason):
        _answers([here for here, _ in pipes], Barrier())
    assert let_go
