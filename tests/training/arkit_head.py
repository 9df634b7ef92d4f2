"""The made-up head with the names of all expressions, which move nothing."""

from dataclasses import replace

import numpy as np

from tests.training.made_up_head import made_up_head
from training.synthetic.facekit import FaceKit

_PAIRED = (
    "PupilDilate browDown browInnerUp browOuterUp cheekPuff cheekRaiser cheekSquint eyeBlink "
    "eyeLookDown eyeLookIn eyeLookOut eyeLookUp eyeSquint eyeWide mouthDimple mouthFrown "
    "mouthLowerDown mouthPress mouthSmile mouthStretch mouthUpperUp noseSneer"
)
_SINGLE = (
    "jawForward jawLeft jawOpen jawRight mouthClose mouthFunnel mouthLeft mouthPucker mouthRight "
    "mouthRollLower mouthRollUpper mouthShrugLower mouthShrugUpper"
)
# As published with ICT-FaceKit.
NAMES = tuple(
    sorted([f"{name}_{side}" for name in _PAIRED.split() for side in "LR"] + _SINGLE.split())
)


def arkit_head() -> FaceKit:
    kit = made_up_head()
    still = np.broadcast_to(np.float32(0.0), (len(NAMES), *kit.mean.shape))
    return replace(kit, expression=still, expression_names=NAMES)
