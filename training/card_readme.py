"""README.md of a model folder, rendered from its card and from nothing else.

Light imports: the default tests check that every committed README is the rendering of its card.
"""

from collections.abc import Iterable, Sequence

from app.face.card import Metric, ModelCard, RecipeUse
from training.card_usage import usage
from training.markdown import table


def render_readme(card: ModelCard) -> str:
    """The whole README of the model as Markdown; the same card gives the same text."""
    sections = [
        f"# {card.name} {card.version}\n\n{card.summary}",
        _licence(card),
        _facts(card),
        _expectations(card),
        _cheaper(card),
        usage(card),
        _signature(card),
        _data(card),
        "## Known limits\n\n" + _bullets(card.limits),
        _origin(card),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _licence(card: ModelCard) -> str:
    licence = card.licence
    if licence.edition == "research":
        head = "**RESEARCH WEIGHTS. NOT FOR COMMERCIAL USE.**"
    else:
        head = "**Free weights: any use, commercial use included.**"
    return f"> {head}\n>\n> {licence.sentence}\n>\n> Licence of the weights: {licence.weights}."


def _facts(card: ModelCard) -> str:
    rows = [
        ("task", card.task),
        ("edition", card.licence.edition),
        ("parameters", _parameters(card)),
        (
            "file",
            f"`{card.file.name}`, {card.file.bytes / 1e6:.2f} MB, ONNX opset {card.file.opset}",
        ),
        ("sha256", f"`{card.file.sha256}`"),
    ]
    if card.scheme:
        rows.insert(1, ("landmark scheme", f"`{card.scheme}`"))
    return table(("", ""), rows)


def _parameters(card: ModelCard) -> str:
    stored, trained = card.file.parameters, card.recipe.parameters
    if trained is None or trained == stored:
        return f"{stored:,}"
    return f"{trained:,} trained; {stored:,} numbers in the file"


def _expectations(card: ModelCard) -> str:
    parts = ["## What to expect"]
    if not card.metrics:
        parts.append("Nothing has been measured yet.")
    whole = [metric for metric in card.metrics if metric.slice == "all"]
    for protocol in dict.fromkeys(metric.protocol for metric in whole):
        rows = [metric for metric in whole if metric.protocol == protocol]
        parts.append(f"**{protocol}**")
        parts.append(
            table(
                ("metric", "value", "95 % interval", "n"),
                [(f"`{row.name}`", *_numbers(row)) for row in rows],
            )
        )
    sliced = [metric for metric in card.metrics if metric.slice != "all"]
    if sliced:
        parts.append("**By part of the test set**")
        head = ("part", "metric", "value", "95 % interval", "n", "protocol")
        rows_of_slices = [
            (row.slice, f"`{row.name}`", *_numbers(row), row.protocol) for row in sliced
        ]
        parts.append(table(head, rows_of_slices))
    parts.append(
        "Every number was measured on this ONNX file. Intervals are bootstraps of the mean (by"
        " person where persons repeat) and Wilson's for shares."
    )
    return "\n\n".join(parts)


def _cheaper(card: ModelCard) -> str:
    """The card's further files; what they lose on each whole test set."""
    parts = []
    own = {(one.name, one.protocol): one for one in card.metrics if one.slice == "all"}
    for file in card.precisions:
        where = " or ".join(f"`{feature}`" for feature in file.faster_on)
        taken = f"CPUs with {where} take it by default" if where else "no CPU takes it by default"
        rows = [
            (
                one.protocol,
                f"`{one.name}`",
                _numbers(own[one.name, one.protocol])[0],
                *_numbers(one),
            )
            for one in file.metrics
            if one.slice == "all"
        ]
        head = ("protocol", "metric", "fp32", file.precision, "95 % interval", "n")
        parts.append(
            f"## In {file.precision}\n\n`{file.name}`, {file.bytes / 1e6:.2f} MB, is the same"
            f" network with {file.precision} convolutions where they cost no accuracy; {taken}"
            " (`MIEN_INFERENCE__PRECISION=fp32` keeps to the other file).\n\n" + table(head, rows)
        )
    return "\n\n".join(parts)


def _signature(card: ModelCard) -> str:
    sides = [card.input.height or "height", card.input.width or "width"]
    shape = ["batch", *sides, 3]
    meaning = f"{card.input.color} pixels, 0..255, scaled inside the graph"
    if card.input.multiple_of > 1:
        meaning += f"; height and width multiples of {card.input.multiple_of}"
    if card.input.long_side:
        meaning += f"; long side {card.input.long_side}"
    if card.input.crop:
        meaning += f"; square crop, {card.input.crop.scale:g} times the root of the box's area"
    rows: list[tuple[str, ...]] = [
        ("in", f"`{card.input.name}`", _shape(shape), card.input.dtype, "", meaning)
    ]
    for output in card.outputs:
        rows.append(
            (
                "out",
                f"`{output.name}`",
                _shape(output.shape),
                "float32",
                output.unit,
                output.meaning,
            )
        )
    sizes = ", ".join(map(str, card.batch_sizes))
    return (
        "## In and out\n\n"
        + table(("", "name", "shape", "type", "unit", "meaning"), rows)
        + f"\n\nBatch sizes that the service warms up: {sizes}."
    )


def _data(card: ModelCard) -> str:
    rows = [
        (entry.use, entry.name, f"{entry.images:,}", f"{entry.faces:,}", entry.licence, entry.note)
        for entry in card.data
    ]
    return "## Data\n\n" + table(("use", "set", "images", "faces", "licence", "note"), rows)


def _origin(card: ModelCard) -> str:
    recipe, parity = card.recipe, card.parity
    batches = ", ".join(map(str, parity.batches))
    return (
        "## How to make it again\n\n"
        f"```sh\n{recipe.command}\n```\n\n"
        f"Recipe `{recipe.name}`, seed {recipe.seed}, {recipe.steps:,} steps,"
        f" {recipe.samples:,} samples seen, trained {recipe.trained.isoformat()},"
        f" code {recipe.code}.{_beginning(recipe)}\n\n"
        f"The ONNX file differs from the Keras network by at most {parity.max_abs_difference:.1e}"
        f" ({parity.samples} samples, batches of {batches}).\n\n"
        "This page is rendered from `card.json` by `python -m training card`; edit neither by hand."
    )


def _beginning(recipe: RecipeUse) -> str:
    return f" It began with the weights of {recipe.begins_with}." if recipe.begins_with else ""


def _numbers(metric: Metric) -> tuple[str, str, str]:
    unit = f" {metric.unit}" if metric.unit not in {"", "0..1", "-1..1", "ratio"} else ""
    interval = ""
    if metric.interval95 is not None:
        low, high = metric.interval95
        interval = f"{_number(low)} to {_number(high)}"
    return f"{_number(metric.value)}{unit}", interval, f"{metric.n:,}"


def _number(value: float) -> str:
    """Three digits that matter, and no more than three behind the point."""
    if abs(value) >= 100:
        return f"{value:.1f}"
    return f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}"


def _shape(axes: Sequence[int | str]) -> str:
    return "[" + ", ".join(map(str, axes)) + "]"


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines) or "None is known."
