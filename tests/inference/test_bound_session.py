"""IO binding with kept buffers, on the CPU: the answers of plain runs, and none of them shared."""

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

from app.inference.bound_session import BoundSession
from app.inference.providers import CPU
from tests.tiny_models import write_landmarks


class Counting(ort.InferenceSession):  # type: ignore[misc, unused-ignore]
    """Counts the runs that allocate."""

    plain = 0

    def run(self, *arguments: object) -> object:
        self.plain += 1
        return super().run(*arguments)


@pytest.fixture
def session(tmp_path: Path) -> Counting:
    path = write_landmarks(tmp_path / "landmarks-68") / "model.onnx"
    return Counting(path, providers=[CPU])


def crops(*values: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.stack([np.full((64, 64, 3), value, np.uint8) for value in values])


def test_answers_are_those_of_a_plain_run_and_stay(session: Counting) -> None:
    bound = BoundSession(session, "cpu")
    names = ["std", "points"]
    batches = [crops(0, 10), crops(250, 30), crops(7), crops(99, 98), crops(8)]
    answers = [bound.run(names, {"crops": batch}) for batch in batches]
    assert session.plain == 2, "once for each shape"
    for batch, answer in zip(batches, answers, strict=True):
        wanted = ort.InferenceSession.run(session, names, {"crops": batch})
        for got, expected in zip(answer, wanted, strict=True):
            np.testing.assert_array_equal(got, expected)


def test_only_so_many_shapes_are_kept(session: Counting) -> None:
    bound = BoundSession(session, "cpu", most_shapes=2)
    for count in (1, 2, 1, 3, 1, 2):
        bound.run(["std"], {"crops": crops(*range(count))})
    # 1 and 2 are met, 1 is used again, so 3 takes the place of 2, which is met anew.
    assert session.plain == 4


def test_it_names_what_it_wraps(session: Counting) -> None:
    bound = BoundSession(session, "cpu")
    assert bound.get_providers() == [CPU]
    assert [node.name for node in bound.get_inputs()] == ["crops"]
    assert {node.name for node in bound.get_outputs()} == {"points", "std"}
