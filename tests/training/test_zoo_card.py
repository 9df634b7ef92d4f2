"""What the cards of the zoo say was learnt from."""

from app.face.card import DataUse
from training.datasets import SOURCES
from training.zoo.card import _as_learnt


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
    learnt = {"aflw2000_3d": 7, "aflw2000_3d_68": 8, "renders": 500, "w300": 1879}
    some = _as_learnt(row("w300", 1905), learnt)
    assert (some.faces, some.note) == (1879, "1,879 of its 1,905 faces")
    assert _as_learnt(row("renders", 500), learnt).note == ""
    assert _as_learnt(row("aflw2000_3d_68", 100), learnt).faces == 8, "not those of another reading"
    assert _as_learnt(row("ytf68", 100), learnt).faces == 100, "older runs did not note all"
