"""What an operator may set: environment variables with the prefix MIEN_, groups joined by `__`.

Example: MIEN_SERVER__PORT=9000, MIEN_LIMITS__MAX_IMAGES=8, MIEN_INFERENCE__DEVICE=cuda. Settings
are read once, when the program starts, and are a fact from then on (frozen). An unknown field of a
group is refused, so that a typing error in a name does not pass silently.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

MEBIBYTE = 1024 * 1024


_PREFIX = "MIEN_"


def _entries(value: Any) -> Any:
    """The entries of a list that came as text. ValueError for JSON that is none."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith(("[", "{")):
        return json.loads(value)
    return [entry.strip() for entry in value.split(",") if entry.strip()]


T = TypeVar("T")
Listed = Annotated[tuple[T, ...], NoDecode, BeforeValidator(_entries)]
"""With commas between the entries, or as JSON."""


class Group(BaseModel):
    """One group of settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ServerSettings(Group):
    """The HTTP server, used by `python -m app serve`."""

    host: str = Field("0.0.0.0", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    drain_seconds: int = Field(
        20, ge=0, description="How long a shutdown waits for requests that are under way."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least severe message that is logged."
    )


class InferenceSettings(Group):
    """The model sessions and the batchers in front of them; each worker has its own."""

    device: Literal["auto", "cpu", "cuda", "tensorrt", "openvino", "coreml"] = Field(
        "auto",
        description="Where models run. `auto` takes CUDA if it works, else the CPU; a device that "
        "is named and not obtained ends the start-up.",
    )
    precision: Literal["auto", "fp32", "bf16", "fp16", "int8"] = Field(
        "auto",
        description="Of the models' arithmetic. `auto` takes a model's int8 file where its card "
        "says that it is faster on such a CPU, else fp32; bf16 needs device=openvino, fp16 "
        "device=tensorrt. All but fp32 are compared with it on the golden image first.",
    )
    gpu_mem_limit: int | None = Field(
        None, ge=1, description="Bytes of GPU memory for each model's session. Default: no limit."
    )
    gpu_batch_sizes: Listed[int] | None = Field(
        None,
        min_length=1,
        description="The only batch sizes that a GPU meets, ascending, with commas between them; "
        "others are filled up. Default: those of each model's card.",
    )
    engine_cache: Path | None = Field(
        None,
        description="Folder for what TensorRT and OpenVINO compile, trusted as the models are. "
        "Default: compiled again at every start.",
    )
    threads: int | None = Field(
        None,
        ge=1,
        description="Threads of one model session. Default: one where there are several workers, "
        "else as many as there are CPUs.",
    )
    decode_threads: int | None = Field(
        None,
        ge=1,
        description="Threads of one worker that decode, crop and measure. Default: its share of "
        "the CPUs.",
    )
    max_batch: int = Field(
        32,
        ge=1,
        description="Most face crops in one run of a model, and most images in one of a detector.",
    )
    max_wait_ms: float = Field(
        0.0,
        ge=0,
        description="How long a batch waits to fill. 0: a batch forms while the one before runs.",
    )
    detector_padding: int | None = Field(
        None,
        ge=0,
        description="Pixels of black by which an image may grow to go through the detector with "
        "images of other shapes; 0: only equal shapes go together. Default: 0 on a CPU, 1000000 "
        "on a GPU.",
    )
    max_queue: int = Field(
        512,
        ge=1,
        description="Face crops that may wait for a model, and images for a detector; further "
        "ones are answered 503.",
    )

    @model_validator(mode="after")
    def _buckets_ascend(self) -> Self:
        sizes = self.gpu_batch_sizes
        if sizes is not None and (sizes[0] < 1 or list(sizes) != sorted(set(sizes))):
            raise ValueError("GPU_BATCH_SIZES must be positive and ascending, as 1,4,16.")
        return self


class LimitSettings(Group):
    """What one request, and all requests together, may cost. Where there are several workers,
    what is for all requests together is shared between them.
    """

    max_body_bytes: int = Field(
        32 * MEBIBYTE, ge=1, description="Largest request body in bytes; larger ones get 413."
    )
    max_buffered_bytes: int = Field(
        256 * MEBIBYTE,
        ge=1,
        description="Body bytes of all requests held in memory at once; above it the answer is "
        "503. Nothing is ever written to disk. Base64 costs up to three times its bytes while "
        "parsed.",
    )
    max_requests: int = Field(
        40,
        ge=1,
        description="Requests analysed at once; further ones get 503. More of them make all wait "
        "longer under overload. Several workers share them but take 20 each at least: 8 workers "
        "take 160.",
    )
    max_receiving: int = Field(
        1024,
        ge=1,
        description="Requests whose bodies are on their way at once; further ones get 503.",
    )
    body_seconds: float = Field(
        30.0, gt=0, description="A body that has not arrived whole by then is answered 408."
    )
    idle_seconds: float = Field(
        5.0, gt=0, description="A body of which nothing arrives for so long is answered 408."
    )
    max_images: int = Field(32, ge=1, description="Most images in one request.")
    max_pixels: int = Field(
        50_000_000, ge=1, description="Most pixels of one image, read from its header."
    )
    max_request_pixels: int = Field(
        200_000_000,
        ge=1,
        description="Most pixels of all images of one request together, read from their headers.",
    )
    max_images_at_once: int | None = Field(
        None,
        ge=1,
        description="Images of one request that are worked on at once; between them other "
        "requests get their turn. Default: 2 on CPUs, where more bring nothing; as many as a batch "
        "of the detector holds on other devices.",
    )
    max_decoded_images: int = Field(
        8,
        ge=1,
        description="Decoded images held at once, all requests together; others wait their turn. "
        "Times max_pixels times 3 bytes it bounds the memory of decoded images.",
    )
    max_faces: int = Field(
        100, ge=1, description="Most faces answered (or boxes accepted) per image."
    )

    @model_validator(mode="after")
    def _one_body_fits(self) -> Self:
        if self.max_buffered_bytes < self.max_body_bytes:
            raise ValueError(
                f"MAX_BUFFERED_BYTES ({self.max_buffered_bytes}) is less than MAX_BODY_BYTES "
                f"({self.max_body_bytes}): the largest body could never be taken. Raise the one "
                "or lower the other."
            )
        return self


def unknown_variables(names: Iterable[str]) -> list[str]:
    """Those of these environment variables that look like settings and are none.

    Within a group pydantic refuses them. Others it leaves alone, and a start must not fail of them:
    Kubernetes gives a service "mien" MIEN_PORT, MIEN_SERVICE_HOST and more.
    """
    groups = [name for name, field in Settings.model_fields.items() if _is_group(field)]
    known = {name for name in Settings.model_fields if name not in groups}
    asked = (
        name.upper().removeprefix(_PREFIX) for name in names if name.upper().startswith(_PREFIX)
    )
    return sorted(
        f"{_PREFIX}{name}"
        for name in asked
        if name.lower() not in known and name.lower().partition("__")[0] not in groups
    )


def _is_group(field: FieldInfo) -> bool:
    return isinstance(field.default, Group)


class Settings(BaseSettings):
    """Everything an operator may set."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    models_dir: Path = Field(
        Path(__file__).resolve().parent.parent / "models",
        description="Folder of model folders (model.onnx with its card.json) and of self-test/.",
    )
    detector: str = Field(
        "detector",
        description="Folder name of the face detector. Empty: none, so that every request has to "
        "bring the boxes of its faces.",
    )
    detector_size: int | None = Field(
        None,
        ge=64,
        le=2048,
        multiple_of=32,
        description="Long side of the detector's input in pixels, a multiple of 32 from 64 to "
        "2048: larger finds smaller faces and takes longer. Default: that of the detector's card.",
    )
    landmarks: Listed[str] = Field(
        ("face-68-research",),
        min_length=1,
        description="Folder names of the landmark, face and pose models to load, with commas "
        "between them; the first is the default.",
    )
    commercial_use: bool = Field(
        False,
        description="Whether the service is put to commercial use: it does not start then with a "
        "model whose card does not allow that.",
    )
    self_test: bool = Field(
        True,
        description="Whether readiness depends on the golden image in models_dir/self-test. "
        "Turn it off only to record a new one.",
    )
    workers: Literal["auto"] | Annotated[int, Field(ge=1, le=1024)] = Field(
        "auto",
        description="Processes that serve together. `auto`: one per CPU where models run on the "
        "CPU (on Linux), else one.",
    )
    server: ServerSettings = ServerSettings()
    inference: InferenceSettings = InferenceSettings()
    limits: LimitSettings = LimitSettings()

    @model_validator(mode="after")
    def _each_model_once(self) -> Self:
        if len(set(self.landmarks)) < len(self.landmarks):
            raise ValueError(f"LANDMARKS names a model twice: {', '.join(self.landmarks)}.")
        return self
