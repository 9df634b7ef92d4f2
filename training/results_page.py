"""docs/results.md: the numbers of all published models side by side, as Markdown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.face.card import Metric, ModelCard
from training.markdown import measured, table
from training.results_lines import TABLES, Line, Table
from training.speed import Timing

Rows = Mapping[str, Sequence[Metric]]

_HEAD = """\
# Results

Our models side by side, measured on the ONNX files that are served, in one run of

```sh
python -m training results --models models --data path/to/data
```

which writes this page and its pictures; edit neither by hand. Each number is followed by its 95 %
interval (bootstrap, over persons where persons repeat and are many; Wilson's for shares) and n. A
dash: the model does not answer that. "Others" were not measured by this command: *published*
numbers are their authors', *measured elsewhere* those of an earlier comparison of ours; where the
pictures differ, the table says so.
"""


@dataclass(frozen=True, slots=True)
class Published:
    """One model: its card and its rows by test set, as training.faces.evaluation names them."""

    card: ModelCard
    rows: Rows


def results_page(
    models: Sequence[Published],
    detectors: Sequence[ModelCard],
    timings: Sequence[Timing],
    pictures: Mapping[str, str],
) -> str:
    """pictures: captions by path relative to the page."""
    parts = [_HEAD, _editions(models, detectors)]
    for section in TABLES:
        parts.append(_section(section, models))
    parts.append(_speed(timings))
    parts += [_detector(card) for card in detectors]
    if pictures:
        shown = "\n\n".join(f"![{caption}]({path})" for path, caption in pictures.items())
        parts.append(f"## Pictures\n\n{shown}\n")
    return "\n".join(parts)


def _editions(models: Sequence[Published], detectors: Sequence[ModelCard]) -> str:
    cards = [*(model.card for model in models), *detectors]
    rows = [
        (
            f"`{card.name}`",
            card.licence.edition,
            f"{card.file.parameters:,}",
            f"{card.file.bytes / 1e6:.2f} MB",
        )
        for card in cards
    ]
    return "## Models\n\n" + table(("model", "edition", "parameters", "file"), rows) + "\n"


def _section(section: Table, models: Sequence[Published]) -> str:
    head = ("", *(f"`{model.card.name}`" for model in models), "constant answer", "others")
    rows = []
    for line in section.lines:
        cells = [measured(_find(line, line.metric, model.rows)) for model in models]
        constants = [_find(line, line.constant, model.rows) for model in models]
        constant = next((metric for metric in constants if metric is not None), None)
        if any(cells):
            rows.append((line.label, *cells, measured(constant), line.others))
    if not rows:
        return f"## {section.title}\n\n{section.text}\n\nNot measured.\n"
    told = [column for column in range(len(head)) if any(row[column] for row in rows)]
    shown = [[row[column] or "–" for column in told] for row in rows]
    body = table([head[column] for column in told], shown)
    return f"## {section.title}\n\n{section.text}\n\n{body}\n"


def _find(line: Line, name: str, rows: Rows) -> Metric | None:
    for metric in rows.get(line.test_set, ()):
        if metric.name == name and metric.slice == line.part and line.protocol in metric.protocol:
            return metric
    return None


def _speed(timings: Sequence[Timing]) -> str:
    text = (
        "One crop on one thread of the processor that wrote this page, all files in turn in one "
        "process, median of the rounds; the ratio is to a MobileNetV2-0.5 at 128 px (random "
        "weights, without its classifier) in the same rounds and travels better than the "
        "milliseconds."
    )
    others = (
        "Others, measured elsewhere on one core: MobileNetV2-0.5 at 128 px 0.82 ms, PFLD 3.0, "
        "MediaPipe's mesh network 1.07, FSA-Net 0.64."
    )
    rows = [(f"`{one.name}`", f"{one.milliseconds:.2f} ms", f"{one.ratio:.2f}") for one in timings]
    body = table(("file", "time", "ratio"), rows)
    return f"## Speed\n\n{text}\n\n{body}\n\n{others}\n"


def _detector(card: ModelCard) -> str:
    """From the card: the detector is judged when it is made."""
    rows = [
        (metric.protocol, metric.slice, f"`{metric.name}`", measured(metric))
        for metric in card.metrics
    ]
    body = table(("test set", "part", "metric", "value"), rows)
    return f"## Detector `{card.name}`\n\nFrom its card; {_PEERS_OF_DETECTORS}\n\n{body}\n"


_PEERS_OF_DETECTORS = (
    "others, measured elsewhere on the same sets. Faces of LFPW test found: YuNet 100 %, BlazeFace "
    "100, dlib HOG 98, Haar 96. Pointing'04 persons 11-12: YuNet 99.3 to 100, BlazeFace 91 at pan "
    "beyond 60, dlib 27. WIDER part, AP@0.5 of faces from 20 px at 400 px: YuNet-n at 320 0.917, "
    "YuNet 2026may at 320 0.887, Ultra RFB-320 0.883, all trained on the whole of WIDER FACE. "
    "False boxes per image of negatives: YuNet 0.03 to 0.09, Haar 0.13."
)
