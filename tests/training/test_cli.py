"""The command line of training: its verbs, and errors that say what to do."""

from pathlib import Path

import pytest

from training.__main__ import STEPS, main


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


def test_rendering_without_the_head_model_says_where_it_comes_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--count", "3", "--out", str(tmp_path / "out"), "--facekit", str(tmp_path)]

    assert main(["render", *arguments]) == 1
    assert "ICT-FaceKit" in capsys.readouterr().err


def test_a_count_below_one_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["render", "--count", "0", "--out", "x", "--facekit", "y"])

    assert "not 1 or more" in capsys.readouterr().err
