"""What the card of landmarks-68 says that no measurement can tell."""

from pathlib import Path

from app.face.card import RecipeUse
from app.face.geometry import CROP_SCALE
from training.cards import RESEARCH, CardFacts, OutputNote
from training.publication import data_use

OUTPUTS = {
    "points": OutputNote(
        "unit crop",
        "68 points (x, y), scheme ibug-68; 0..1 spans the crop edge to edge, points may lie beyond",
    ),
    "std": OutputNote(
        "unit crop",
        "standard deviation of the error of each point along x and, equally, along y; scaled on "
        "validation faces so that 1.645 of it covers 90 % of the coordinates",
    ),
}

_LIMITS = (
    "Profiles: the training photographs are mostly within 30 degrees of yaw. Beyond about 45 "
    "degrees the hidden half of the face is guessed, and a pose computed from it is too small.",
    "The worst of the test faces: the jaw line under beards, scarves and hair or against a dark "
    "background, wide-open mouths, hands and glasses before the face. None failed by 8 %.",
    "In-plane tilt beyond about 50 degrees was not trained: turn the image first.",
    "The points 0-16 follow the visible contour of the face, as the annotators of 300-W drew it, "
    "not the jaw bone.",
    "Infrared pictures were only imitated (grey, changed light); real ones were not measured.",
    "Trained with imitated sensor noise on one colour channel, since mended: the recipe as it "
    "stands gives another, similar file.",
    "The sets do not label skin tone, age or glasses for these faces, so the error was not "
    "measured by them.",
)

_NOTES = {
    "w300": "three training images that nearly repeat a test image were dropped",
    "ytf68": "machine-made labels, rounded to pixels, moved by 1 px; not used for validation",
}


def facts(use: RecipeUse, data: Path) -> CardFacts:
    return CardFacts(
        name=use.name,
        version="1",
        task="landmarks",
        summary="68 facial landmarks with a standard deviation for each, from a 128-pixel face "
        "crop. A MobileNetV2-like network (inverted residuals, fused at high resolution) of 0.9 "
        "million weights.",
        outputs=OUTPUTS,
        licence=RESEARCH,
        data=data_use(("w300", "ytf68"), data, _NOTES)
        + data_use(("dlib_examples", "pointing04"), data, _NOTES, splits=("test",)),
        limits=_LIMITS,
        recipe=use,
        scheme="ibug-68",
        crop_scale=CROP_SCALE,
        batch_sizes=(1, 2, 4, 8, 16, 32),
    )
