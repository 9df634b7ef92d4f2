"""MediaPipe's face landmarker as its package holds it: BlazeFace, then the mesh network.

The newer task API (FaceLandmarker) runs the same two steps, but its models are a file from
elsewhere; the package's own graph needs none.
"""

from collections.abc import Callable
from importlib import import_module, metadata
from typing import Any

import cv2
import numpy as np

from benchmarks.peers.peer import About


class FaceMesh:
    """attention: the network with finer eyes and lips, 478 points, else 468. tracking: pictures are
    those of a video, so the detector runs only when a face was lost; else for each picture.
    """

    def __init__(self, *, attention: bool, tracking: bool) -> None:
        mesh: Any = import_module("mediapipe.python.solutions.face_mesh")
        cv2.setNumThreads(1)
        self._mesh = mesh.FaceMesh(
            static_image_mode=not tracking, max_num_faces=1, refine_landmarks=attention
        )
        points = "478 points (attention)" if attention else "468 points"
        self.about = About(
            title="MediaPipe face mesh" + (", tracking" if tracking else ""),
            version=metadata.version("mediapipe"),
            licence="Apache-2.0",
            input=points,
            threshold="confidence 0.5",
        )

    def __call__(self, jpeg: bytes, decoded: Callable[[], None]) -> Any:
        image: Any = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        decoded()
        return self._mesh.process(image)

    def faces(self, answer: Any) -> int:
        return len(answer.multi_face_landmarks or ())
