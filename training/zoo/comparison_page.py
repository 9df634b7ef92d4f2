"""The numbers of docs/zoo.md, between two markers of a page whose text is written by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.face.card import Metric, ModelCard
from training.markdown import measured, number, table
from training.speed import Timing

BEGIN, END = "<!-- numbers: python -m training zoo -->", "<!-- end of the numbers -->"

Rows = Mapping[str, Sequence[Metric]]
_Column = tuple[str, str, str, str]
"""Head, test, metric, slice."""

_PHOTOGRAPHS, _PEOPLE, _RENDERS = (
    "w300, five places",
    "pointing04, rotation",
    "renders-test, rotation",
)
_FIVE_RENDERED, _OWN_RENDERED = "renders-test, five places", "renders-test, own points"
_BINS = ("0-30", "30-60", "60-90")


@dataclass(frozen=True, slots=True)
class Compared:
    """rows: by what was judged, see training.zoo.comparison. by_pnp: its rotations are PnP's."""

    card: ModelCard
    rows: Rows
    by_pnp: bool

    @property
    def title(self) -> str:
        return f"{self.card.name}, PnP" if self.by_pnp else self.card.name


_TABLES: tuple[tuple[str, str, tuple[_Column, ...]], ...] = (
    (
        "Points",
        "Five places that every scheme names (centres of the eyes, nose tip, corners of the "
        "mouth), in labelled boxes: over the distance of the eyes' centres on photographs, over "
        "the diagonal of the labelled points on rendered heads, whose eyes may lie behind each "
        "other. *Own points*: all points of the model's own scheme, over their diagonal.",
        (
            ("LFPW test", _PHOTOGRAPHS, "nme_inter_pupil", "all"),
            ("renders", _FIVE_RENDERED, "nme_box_diagonal", "all"),
            *(
                (f"yaw {part}", _FIVE_RENDERED, "nme_box_diagonal", f"|yaw| {part}")
                for part in ("0-15", "30-45", "60-90")
            ),
            ("renders, own points", _OWN_RENDERED, "nme_box_diagonal", "all"),
        ),
    ),
    (
        "Rotations of people",
        "Pointing'04, persons 11 and 12, |tilt| up to 60 degrees: mean absolute errors.",
        (
            ("yaw", _PEOPLE, "yaw_mae", "all"),
            *((f"yaw {part}", _PEOPLE, "yaw_mae", f"|yaw| {part}") for part in _BINS),
            ("pitch", _PEOPLE, "pitch_mae", "all"),
        ),
    ),
    (
        "Rotations of rendered heads",
        "The angle between the true rotation and the answer; pitch and roll: mean absolute errors.",
        (
            ("all", _RENDERS, "geodesic_error", "all"),
            *((f"yaw {part}", _RENDERS, "geodesic_error", f"|yaw| {part}") for part in _BINS),
            ("pitch", _RENDERS, "pitch_mae", "all"),
            ("roll", _RENDERS, "roll_mae", "all"),
        ),
    ),
)
_CONSTANTS = {
    "nme_inter_pupil": "mean_face_nme_inter_pupil",
    "yaw_mae": "yaw_mae_of_always_0",
    "pitch_mae": "pitch_mae_of_always_0",
    "roll_mae": "roll_mae_of_always_0",
    "geodesic_error": "geodesic_error_of_always_0",
}


def page_with(
    page: str, compared: Sequence[Compared], timings: Sequence[Timing], pictures: Mapping[str, str]
) -> str:
    """The page with its numbers written anew. pictures: captions by path relative to the page.

    ValueError when the page lacks the markers.
    """
    if page.count(BEGIN) != 1 or page.count(END) != 1:
        raise ValueError(f"the page needs the lines {BEGIN!r} and {END!r}, each once")
    before, _, rest = page.partition(BEGIN)
    parts = [_models(compared, timings)]
    parts += [_section(title, text, columns, compared) for title, text, columns in _TABLES]
    parts += [f"![{caption}]({path})" for path, caption in pictures.items()]
    body = "\n\n".join(parts)
    return f"{before}{BEGIN}\n\n{body}\n\n{END}{rest.partition(END)[2]}"


def _models(compared: Sequence[Compared], timings: Sequence[Timing]) -> str:
    taken = {timing.name: timing for timing in timings}
    rows = []
    for one in compared:
        card = one.card
        told = [card.scheme] if any(output.name == "points" for output in card.outputs) else []
        told += ["rotation"] if any(output.name == "rotation" for output in card.outputs) else []
        timing = taken[card.name]
        rows.append(
            (
                f"`{card.name}`",
                " and ".join(str(part) for part in told),
                card.licence.edition,
                f"{card.recipe.parameters or card.file.parameters:,}",
                f"{card.recipe.steps:,}",
                f"{card.recipe.samples:,}",
                f"{card.file.bytes / 1e6:.1f} MB",
                f"{number(timing.milliseconds)} ms",
                number(timing.ratio),
            )
        )
    head = (
        *("model", "tells", "edition", "parameters", "steps", "faces drawn", "file", "a crop"),
        "ratio",
    )
    text = (
        "Parameters: of the network that was trained, in `distances-mlp` without the landmark "
        "model whose points it reads. Steps: of the training, whose original schedule is on the "
        "card where it was longer. Faces drawn: each counts as often as it was shown. "
        "A crop: one thread, all files in turn in one process; the ratio is to a MobileNetV2-0.5 "
        "at 128 pixels in the same rounds."
    )
    return f"### The models\n\n{text}\n\n{table(head, rows)}"


def _section(
    title: str, text: str, columns: Sequence[_Column], compared: Sequence[Compared]
) -> str:
    """A line for each model that tells any of it, and how far it is from the first one."""
    head = ("model", *(name for name, *_ in columns), "times the first")
    rows, first = [], None
    for one in compared:
        found = [_find(one.rows, *where) for _, *where in columns]
        if not any(found):
            continue
        main = found[0]
        first = first or main
        ratio = number(main.value / first.value) if main and first and first.value else ""
        name = one.title if columns[0][1].endswith("rotation") else one.card.name
        rows.append((f"`{name}`", *(measured(metric) or "–" for metric in found), ratio))
    constant = [_constant(compared, *where) for _, *where in columns]
    if any(constant):
        rows.append(("constant answer", *(measured(metric) or "–" for metric in constant), ""))
    return f"### {title}\n\n{text}\n\n{table(head, rows)}"


def _constant(compared: Sequence[Compared], test: str, metric: str, part: str) -> Metric | None:
    name = _CONSTANTS.get(metric, "")
    found = (_find(one.rows, test, name, part) for one in compared)
    return next((metric for metric in found if metric is not None), None)


def _find(rows: Rows, test: str, metric: str, part: str) -> Metric | None:
    for row in rows.get(test, ()):
        if row.name == metric and row.slice == part:
            return row
    return None
