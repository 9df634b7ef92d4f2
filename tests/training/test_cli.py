"""The command line of training: its verbs, and errors that say what to do."""

from pathlib import Path

import pytest

from training.__main__ import STEPS, main
from training.profiling.series import ProfileSeries
from training.synthetic.series import Series


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves the thread settings of the other tests alone."""
    monkeypatch.setattr("training.__main__._limit_threads", lambda _: None)


def test_help_names_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])

    assert stopped.value.code == 0
    text = capsys.readouterr().out
    for verb in (*STEPS, "all", "render"):
        assert verb in text


@pytest.mark.parametrize("verb", [*STEPS, "all"])
def test_a_step_wants_a_recipe(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([verb])

    assert "--recipe" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--epochs", "--steps", "--steps-per-epoch", "--limit"])
def test_small_runs_are_of_one_step_at_least(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """None at all would mean the recipe's own schedule."""
    with pytest.raises(SystemExit):
        main(["all", "--recipe", "cnn-128", option, "0"])

    assert f"{option}" in (said := capsys.readouterr().err)
    assert "0 is not 1 or more" in said


def test_rendering_without_the_head_model_says_where_it_comes_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--count", "3", "--out", str(tmp_path / "out"), "--facekit", str(tmp_path)]

    assert main(["render", *arguments]) == 1
    assert "ICT-FaceKit" in capsys.readouterr().err


def test_the_head_model_is_looked_for_among_the_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"

    assert main(["render", "--count", "3", "--out", "x", "--data", str(data)]) == 1
    said = capsys.readouterr().err
    for part in (str(data / "facekit"), "https://github.com/ICT-VGL/ICT-FaceKit", "MIT licence"):
        assert part in said


def test_options_of_a_series_reach_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []
    for name in ("synthetic.series.write_renders", "profiling.render.render_profiles"):
        monkeypatch.setattr(f"training.{name}", lambda *arguments: calls.extend(arguments))
    arguments = ["render", "--count", "3", "--out", str(tmp_path)]
    arguments += ["--size", "64", "--margin", "2", "--seed", "5"]

    assert main(arguments) == 0
    assert main([*arguments, "--profile", "w300"]) == 0
    assert Series(5, 64, 2.0) in calls
    assert ProfileSeries("w300", 5, 64, 2.0) in calls


def test_an_error_of_the_file_system_is_told_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("training.synthetic.series.write_renders", full)

    assert main(["render", "--count", "3", "--out", "x"]) == 1
    assert "error: [Errno 28] No space left" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--margin", "0.99"], "not 1 or more"),
        (["--margin", "nan"], "not 1 or more"),
        (["--margin", "inf"], "not 1 or more"),
        (["--size", "31"], "not 32 or more"),
        (["--seed", "-1"], "not 0 or more"),
        (["--seed", "one"], "invalid whole_number value"),
        (["--profile", "w300", "--backgrounds", "negatives"], "not allowed with"),
    ],
)
def test_impossible_options_are_refused(
    options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["render", "--count", "3", "--out", "x", *options])

    assert said in capsys.readouterr().err


def test_a_count_below_one_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["render", "--count", "0", "--out", "x", "--facekit", "y"])

    assert "not 1 or more" in capsys.readouterr().err
