"""five: eye centres, nose tip and mouth corners; a frontal face reads from image left to right.

The order of the MTFL and WIDER FACE labels and of most detectors. Errors are divided by the
distance of the eye centres.
"""

from app.face.landmark_scheme import NAMED, LandmarkScheme, flip_table

FIVE = LandmarkScheme(
    name="five",
    names=NAMED,
    parts={"eyes": (0, 1), "nose": (2,), "mouth": (3, 4)},
    edges=((0, 2), (1, 2), (2, 3), (2, 4), (3, 4)),
    flip=flip_table(5, (0, 1), (3, 4)),
    normaliser=((0,), (1,)),
    places={name: (index,) for index, name in enumerate(NAMED)},
)
