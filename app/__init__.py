"""mien, the service: images in, faces, landmarks and head pose out."""

import os

# onnxruntime's builds for Linux and macOS report home, and keep an id on disk for that. Said before
# any module of ours loads it, and not over what the operator says.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
