"""MediaPipe's BlazeFace, the short-range and the full-range network, through its own pipeline.

The pipeline's own thresholds are the defaults: this release of the package ignores the confidence
that one asks for. For the precision-recall curve the threshold is lowered in the pipeline itself.
"""

from importlib import import_module, metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.peer import About, FoundBoxes, found_boxes

_CURVE = 0.05


class BlazeFace:
    """full_range: the network for faces up to 5 m away, else the one for 2 m."""

    def __init__(self, *, full_range: bool) -> None:
        graph, options = _graph("full" if full_range else "short")
        threshold = options.min_score_thresh
        # Two, since its suppression averages boxes: weak ones would move those above the default.
        self._default = _pipeline(graph)
        options.min_score_thresh = _CURVE
        _scores(graph).node_options[0].Pack(options)
        self._curve = _pipeline(graph)
        self.about = About(
            title=f"MediaPipe BlazeFace, {'full' if full_range else 'short'} range",
            version=f"mediapipe {metadata.version('mediapipe')}",
            licence="Apache-2.0",
            input=f"{192 if full_range else 128} px square",
            threshold=f"confidence {threshold:.3g}",
        )

    def detect(self, image: NDArray[np.uint8], *, curve: bool = False) -> FoundBoxes:
        height, width = image.shape[:2]
        answer = (self._curve if curve else self._default).process({"image": image})
        rows = []
        for found in answer.detections or []:
            box = found.location_data.relative_bounding_box
            x, y = box.xmin * width - 0.5, box.ymin * height - 0.5
            rows.append((x, y, box.width * width, box.height * height, found.score[0]))
        return found_boxes(rows)


def _graph(kind: str) -> tuple[Any, Any]:
    """The package's pipeline, and what it says of scores."""
    root = Path(import_module("mediapipe").__file__ or "").parent
    package = "mediapipe.python._framework_bindings"
    config = import_module(f"{package}.validated_graph_config").ValidatedGraphConfig()
    file = root / f"modules/face_detection/face_detection_{kind}_range_cpu.binarypb"
    config.initialize(binary_graph_path=str(file))
    graph = import_module("mediapipe.framework.calculator_pb2").CalculatorGraphConfig()
    graph.ParseFromString(config.binary_config)
    name = "mediapipe.calculators.tensor.tensors_to_detections_calculator_pb2"
    options = import_module(name).TensorsToDetectionsCalculatorOptions()
    _scores(graph).node_options[0].Unpack(options)
    return graph, options


def _scores(graph: Any) -> Any:
    """The step of a pipeline that turns the network's answers to boxes."""
    (step,) = (node for node in graph.node if node.calculator == "TensorsToDetectionsCalculator")
    return step


def _pipeline(graph: Any) -> Any:
    base: Any = import_module("mediapipe.python.solution_base").SolutionBase
    return base(graph_config=graph, outputs=["detections"])
