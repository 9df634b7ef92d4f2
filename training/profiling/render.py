"""Writes profiled photographs as `training.synthetic.shards` writes rendered samples."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from training.datasets import SOURCES
from training.profiling.fit import MOST_RESIDUAL
from training.profiling.photographs import training_photographs
from training.profiling.series import OpenSeries, ProfileSeries
from training.synthetic.facekit import SOURCE, load_facekit
from training.synthetic.shards import write_samples

# What differs from training.synthetic.label_fields, because a photograph does not tell.
_FIELDS = {
    "eyes.gaze": "NaN: nobody knows where the photographed eyes looked",
    "eyes.gaze_angles": "NaN: as eyes.gaze",
    "eyes.pupils": "2x2 pixels, the middle of the eyeball's front; not the pupil",
    "eyes.pupils_visible": "2 flags, always false",
    "eyes.openness": "2 (right, left): of the fitted head, about the photograph's",
    "mouth_openness": "of the fitted head, about the photograph's",
}


def render_profiles(
    series: ProfileSeries,
    data: Path,
    facekit: Path,
    out: Path,
    count: int,
    workers: int = 1,
) -> Mapping[str, Any]:
    """Turns training photographs of `data / series.photographs` into samples 0 .. count - 1 of
    `out`.

    Complete shards are kept, so a stopped call can be repeated. Returns the manifest. Raises
    ValueError when `out` holds another series or the set has no 68 points, FaceKitMissingError
    without the head model, FileNotFoundError without the set.
    """
    # A missing model or set is said here and not by every worker.
    load_facekit(facekit, 1)
    training_photographs(series.photographs, data)
    renderer = OpenSeries(series, data, facekit)
    facts = _facts(series.photographs)
    return write_samples(renderer, asdict(series), facts, out, count, workers)


def _facts(set_name: str) -> dict[str, Any]:
    """What the manifest says of the photographs' terms."""
    photographs = SOURCES[set_name]
    return {
        "source": "profiled",
        "edition": "research",
        "terms": (
            f"Made of the photographs of {photographs.title}, whose terms hold: "
            f"{photographs.licence}. Shapes by {SOURCE}."
        ),
        "citation": photographs.citation,
        "most_residual": MOST_RESIDUAL,
        "fields": _FIELDS,
    }
