"""The JSON contract: every field with unit, axis, sign and frame.

These models describe the answers in /openapi.json. The hot path builds plain values of the same
shape (`app.answers`); the tests validate every answer against these models.

Frames: pixels of the upright image (EXIF orientation applied), 0-based, x right, y down, pixel
CENTRES at integers. Left and right are always the SUBJECT's.
"""

from app.schemas.answers import Answer, ImageFacts, ModelUsed, Problem, Result, Timings
from app.schemas.faces import Eye, Eyes, Face, FaceBox, Landmarks, Pose, Quality, Usable
from app.schemas.requests import Body, BodyImage
from app.schemas.service import Live, ModelCardAnswer, ModelList, ModelSummary, Ready

__all__ = [
    "Answer",
    "Body",
    "BodyImage",
    "Eye",
    "Eyes",
    "Face",
    "FaceBox",
    "ImageFacts",
    "Landmarks",
    "Live",
    "ModelCardAnswer",
    "ModelList",
    "ModelSummary",
    "ModelUsed",
    "Pose",
    "Problem",
    "Quality",
    "Ready",
    "Result",
    "Timings",
    "Usable",
]
