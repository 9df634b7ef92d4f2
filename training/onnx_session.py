"""An exported model as the evaluations run it."""

from pathlib import Path

import onnxruntime

from app.face.card import ModelCard, load_card, verify


def open_session(
    path: Path, threads: int = 1
) -> tuple[onnxruntime.InferenceSession, ModelCard | None]:
    """`path`: a model folder, whose card is verified and returned, or a bare ONNX file (no card).

    Runs on the CPU, with `threads` threads.
    """
    card, file = None, path
    if path.is_dir():
        card = load_card(path)
        verify(path, card)
        file = path / card.file.name
    return session_of(str(file), threads), card


def session_of(model: str | bytes, threads: int = 1) -> onnxruntime.InferenceSession:
    """Of a file or of what is in one. Runs on the CPU, with `threads` threads."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
