"""Which photograph of 300-W a file shows, whatever copy of 300-W it comes from.

300-W exists as folders of `.pts` files, as dlib's XML, as 300W-3D and as 300W-LP. All show the same
photographs, under names that differ: one photograph must be one subject, and a test photograph must
stay one.
"""

import re
from dataclasses import dataclass

from training.samples import Split
from training.splits import validation_by_subject

SUBSETS = ("afw", "helen", "ibug", "lfpw")
_LFPW = re.compile(r"image_(?:(?P<part>train|test)_)?(?P<number>\d+)")
_FACE_NUMBER = re.compile(r"_\d{1,2}$")  # AFW, HELEN and IBUG number the faces of a photograph
_MIRRORED = "_mirror"


@dataclass(frozen=True, slots=True)
class Photograph:
    """subject: the photograph's one name. held_out: 300-W tests on it (LFPW and HELEN test parts,
    IBUG), so nothing may learn from it.
    """

    subject: str
    held_out: bool

    @property
    def split(self) -> Split:
        return "test" if self.held_out else validation_by_subject(self.subject, one_in=20)


def photograph(subset: str, stem: str, in_testset: bool = False) -> Photograph:
    """The photograph behind a file of `subset` ("helen") named `stem` ("100032540_1").

    in_testset: it lies in a folder `testset`; LFPW numbers its parts anew in each, so there it is
    part of the name. Raises ValueError for names that 300-W does not have.
    """
    subset, stem = subset.lower(), stem.removesuffix(_MIRRORED)
    if subset not in SUBSETS:
        raise ValueError(f"300-W has no part {subset!r}; it has {', '.join(SUBSETS)}")
    if subset != "lfpw":
        held_out = in_testset or subset == "ibug"
        return Photograph(f"300w:{subset}/{_FACE_NUMBER.sub('', stem)}", held_out)
    name = _LFPW.fullmatch(stem)
    if name is None:
        raise ValueError(f"LFPW has no photograph {stem!r}: they are called image_0001")
    held_out = in_testset or name["part"] == "test"
    part = "test" if held_out else "train"
    return Photograph(f"300w:lfpw/{part}/{name['number']}", held_out)
