"""From the trained network to the file that is served, with deviations that hold what they say."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.export import export_onnx
from training.faces.calibration import Calibration, CalibrationSets, calibrate
from training.faces.predictor import OUTPUT_NAMES, FacePredictor
from training.images import read_rgb
from training.landmarks.measure import labelled_faces
from training.landmarks.protocols import labelled_box
from training.publication import save_parity
from training.workspace import Workspace

CALIBRATION_FILE = "calibration.json"
_PARITY_CROPS = 48
_RADIAN = 57.3  # degrees: parity is judged in lengths of order 1


def export_face(
    serving: Callable[[float, Sequence[float]], Any], workspace: Workspace, sets: CalibrationSets
) -> Calibration:
    """Writes the ONNX file, its parity and calibration.json into `workspace.export`.

    serving: the factors of the points' deviations and of the rotation's, by axis, to the Keras
    model whose outputs have the names of FaceAnswers' fields.
    """
    plain = serving(1.0, (1.0, 1.0, 1.0))
    predictor = FacePredictor(partial(answers_by, plain), int(plain.inputs[0].shape[1]))
    calibration = calibrate(predictor, sets)
    faces = labelled_faces(next(iter(sets.points.values())))[:_PARITY_CROPS]
    crops = [predictor.crop(read_rgb(one.sample.path), labelled_box(one.face)) for one in faces]
    exported = export_onnx(
        serving(calibration.std, calibration.rotation_std),
        workspace.onnx,
        np.stack([crop.pixels for crop in crops]),
        input_name="crops",
        output_names=list(OUTPUT_NAMES),
        scales={"rotation_std": _RADIAN},
    )
    save_parity(exported, workspace.export)
    calibration.save(workspace.export / CALIBRATION_FILE)
    return calibration


def answers_by(model: Any, crops: NDArray[np.uint8]) -> Mapping[str, NDArray[np.float32]]:
    """The outputs of a Keras model, by name, for FacePredictor."""
    return {name: np.asarray(values) for name, values in model(crops, training=False).items()}
