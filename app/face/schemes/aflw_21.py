"""aflw-21: the 21 points of AFLW, 0-based; also `pt2d` of AFLW2000-3D.

Source: Koestinger et al., Annotated Facial Landmarks in the Wild, 2011. AFLW's own names say left
for the image's left; the names here are the subject's. Errors are divided by the distance of the
eye centres (7, 10).
"""

from app.face.landmark_scheme import LandmarkScheme, chain, flip_table, run

_NAMES = (
    "right_brow_outer",
    "right_brow_centre",
    "right_brow_inner",
    "left_brow_inner",
    "left_brow_centre",
    "left_brow_outer",
    "right_eye_outer",
    "right_eye_centre",
    "right_eye_inner",
    "left_eye_inner",
    "left_eye_centre",
    "left_eye_outer",
    "right_ear",
    "nose_right",
    "nose_tip",
    "nose_left",
    "left_ear",
    "mouth_right",
    "mouth_centre",
    "mouth_left",
    "chin",
)

AFLW_21 = LandmarkScheme(
    name="aflw-21",
    names=_NAMES,
    parts={
        "right_brow": run(0, 2),
        "left_brow": run(3, 5),
        "right_eye": run(6, 8),
        "left_eye": run(9, 11),
        "ears": (12, 16),
        "nose": run(13, 15),
        "mouth": run(17, 19),
        "chin": (20,),
    },
    edges=(
        *chain(0, 1, 2),
        *chain(3, 4, 5),
        *chain(6, 7, 8),
        *chain(9, 10, 11),
        *chain(13, 14, 15),
        *chain(17, 18, 19),
        *chain(12, 20, 16),
    ),
    flip=flip_table(
        21, (0, 5), (1, 4), (2, 3), (6, 11), (7, 10), (8, 9), (12, 16), (13, 15), (17, 19)
    ),
    normaliser=((7,), (10,)),
    places={
        "right_eye": (7,),
        "left_eye": (10,),
        "nose_tip": (14,),
        "mouth_right": (17,),
        "mouth_left": (19,),
    },
)
