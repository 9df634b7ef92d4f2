"""What the cards of face-68 and face-68-research say that no measurement can tell."""

from collections.abc import Sequence
from pathlib import Path

from app.face.card import DataUse, RecipeUse
from app.face.geometry import CROP_SCALE
from training.cards import FREE, RESEARCH, CardFacts, OutputNote
from training.datasets import SOURCES
from training.publication import data_use, held_out_use

OUTPUTS = {
    "points": OutputNote(
        "unit crop",
        "68 points (x, y), scheme ibug-68; 0..1 spans the crop edge to edge, points may lie "
        "beyond; 0-16 follow the visible outline",
    ),
    "std": OutputNote(
        "unit crop",
        "standard deviation of the error of each point along x and, equally, along y; scaled on "
        "validation faces so that 1.645 of it covers 90 % of the coordinates",
    ),
    "visible": OutputNote(
        "0..1",
        "that each point shows, hidden neither by the head itself nor by anything before it; "
        "learnt from rendered heads and from covers painted over crops; labelled points of "
        "photographs count as showing, a little, though some lie under hair or glasses",
    ),
    "rotation": OutputNote(
        "matrix",
        "head -> camera as the crop shows it, canonical convention (app.face.rotation), always a "
        "proper rotation",
    ),
    "rotation_std": OutputNote(
        "degrees",
        "standard deviation of the rotation's error about the axes of the unrolled head "
        "(app.face.head_axes): x for pitch, y for yaw times the cosine of the pitch, z for roll; "
        "scaled on validation faces",
    ),
    "openness": OutputNote(
        "opening over width",
        "of the subject's right eye and left eye; 0 is shut, 0.27 the mean head at rest "
        "(training.synthetic.openness)",
    ),
    "presence": OutputNote("0..1", "that the crop shows a face whose landmarks can be placed"),
}

_SUMMARY = (
    "68 facial landmarks, head rotation, the uncertainty of both, eye openness and whether a face "
    "is there, in one pass over a 128-pixel face crop. "
)
_SUMMARIES = {
    "free": _SUMMARY + "Learnt from rendered heads and Pointing'04 alone: free for any use.",
    "research": _SUMMARY + "Learnt from photographs and rendered heads: for research only.",
}

_LIMITS = (
    "The points 0-16 follow the visible contour of the face, as the annotators of 300-W drew it, "
    "not the jaw bone.",
    "Angles of real people were learnt and judged on Pointing'04, whose labels are off by several "
    "degrees and know no roll; exact angles are known of rendered heads alone.",
    "Real infrared pictures were not measured, only rendered ones.",
    "Skin tone was sliced on rendered heads alone: the sets of photographs do not label it.",
)
_LIMITS_OF = {
    "free": (
        "Its landmarks were never taught by a photograph: on photographs they are coarser than "
        "those of the research weights.",
        "Not trained to the end: more hours of training still make it better.",
        "The deviations of photographs are a little too small: see coverage_90.",
        "A face of which the left or the right half is covered is often not called occluded: of "
        "the hidden points of held-out renders more than half are told, a third of those of faces "
        "that look ahead. Eye openness is a quarter better than always answering the mean.",
        "Of the places without a face that the detector takes for one, a sixth pass as faces at "
        "even odds.",
        "The worst of the test photographs: the jaw line, which lies too far inside under beards "
        "and hair, wide-open mouths, dark glasses; the brows lie above the hairs of many people.",
        "The middle half of turns labelled 45 degrees come out as 46 to 60, of those labelled 60 "
        "as 67 to 78, of heads labelled 60 up as 43 to 58 (Pointing'04, whose labels are a part "
        "of it).",
        "Heads of which hair, hands, masks or veils leave next to nothing to see are answered by "
        "tens of degrees wrong.",
    ),
    "research": (
        "Not trained to the end: more hours of training still make it better.",
        "The worst of the test photographs: the jaw line under beards and hair or against a dark "
        "background, sunglasses, wide-open mouths, hands and microphones before the face.",
        "The middle half of turns labelled 45 degrees come out as 47 to 59, of those labelled 60 "
        "as 67 to 77 (Pointing'04, whose labels are a part of it).",
        "Heads of which hair, hands, masks or veils leave next to nothing to see, and heads that "
        "lie, are answered by tens of degrees wrong.",
        "Half of the hidden points of held-out renders are told, a quarter of those of faces that "
        "look ahead: visible is for covers of some size.",
        "Eye openness is a quarter better than always answering the mean: do not decide by it "
        "alone.",
        "The deviations tell certain points from uncertain ones (certain_half_error_ratio_points), "
        "whole faces hardly: most of a face's error is that of every face.",
        "It began 41 unpublished epochs after version 2: the weights that the recipe names are "
        "those (docs/training.md). The share of the appearance was chosen on validation faces.",
        "Its int8 file is no faster: most of its convolutions stay in floating point.",
    ),
}

_VERSIONS = {"free": "3", "research": "3"}
_NOTES = {
    "w300": "three training images that nearly repeat a test image were dropped; rotations by a "
    "fit of the morphable head",
    "ytf68": "machine-made labels, rounded to pixels, moved by 1 px; not used for validation",
    "mtfl80": "of its five points the three that 68 points have; a twentieth is held out",
    "pointing04": "angles alone; persons 1-8 train, 9-10 calibrate, 11-12 test",
    "negatives": "places without a face",
    "wider_sub": "places without a face",
}


def facts(use: RecipeUse, edition: str, data: Path, *, sources: Sequence[str]) -> CardFacts:
    """edition: "free" or "research". sources: the sets that the recipe trains on.

    ValueError when a free edition trains on a set whose terms are narrower.
    """
    _check_terms(edition, sources)
    return CardFacts(
        name=use.name,
        version=_VERSIONS[edition],
        task="face",
        summary=_SUMMARIES[edition],
        outputs=OUTPUTS,
        licence=FREE if edition == "free" else RESEARCH,
        data=_data(sources, data),
        limits=(*_LIMITS, *_LIMITS_OF[edition]),
        recipe=use,
        scheme="ibug-68",
        crop_scale=CROP_SCALE,
        batch_sizes=(1, 2, 4, 8, 16, 32),
    )


def _check_terms(edition: str, sources: Sequence[str]) -> None:
    if edition == "free" and (bound := [s for s in sources if SOURCES[s].edition != "free"]):
        raise ValueError(f"a free edition must not train on {', '.join(bound)}")


def _data(sources: Sequence[str], data: Path) -> list[DataUse]:
    learnt = data_use(sources, data, _NOTES, splits=("train", "validation"))
    judged = ("w300", "pointing04", "negatives", "dlib_examples")
    tests = data_use(judged, data, splits=("test",))
    # Judged on, whatever the set calls the part; the research edition's validation is this too.
    held_out = data_use(("mtfl80",), data, splits=("validation",))
    tests += [row.model_copy(update={"use": "test"}) for row in held_out]
    return learnt + tests + [held_out_use(data)]
