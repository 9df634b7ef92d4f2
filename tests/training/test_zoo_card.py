"""What the cards of the zoo say was learnt from."""

from app.face.card import DataUse
from training.datasets import SOURCES
from training.zoo.card import _as_learnt
from training.zoo.runs import Learnt


def row(name: str, faces: int) -> DataUse:
    source = SOURCES[name]
    return DataUse(
        name=f"{source.title} [{source.citation}]",
        licence=source.licence,
        images=faces,
        faces=faces,
        use="train",
        note="",
    )


def test_faces_that_were_left_out_are_not_counted() -> None:
    learnt = Learnt({"renders": 500, "renders-before-photographs": 90, "w300": 1879}, False)
    some = _as_learnt(row("w300", 1905), learnt)
    assert (some.faces, some.note) == (1879, "1,879 of its 1,905 faces")
    assert _as_learnt(row("renders", 500), learnt).note == ""
    assert _as_learnt(row("renders-before-photographs", 100), learnt).faces == 90
