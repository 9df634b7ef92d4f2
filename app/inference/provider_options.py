"""What ONNX Runtime's execution providers are told. Nothing here has been measured on a GPU."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.face.card import ModelInput

Options = dict[str, str]


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """What an operator may say of accelerators.

    gpu_mem_limit: bytes of GPU memory for each model's session; None: no limit. engine_cache: a
    folder for what TensorRT and OpenVINO compile; None: compiled at every start. batch_sizes: the
    only batches that an accelerator meets, ascending; None: those of the card.
    """

    gpu_mem_limit: int | None = None
    engine_cache: Path | None = None
    batch_sizes: tuple[int, ...] | None = None


def cuda_options(settings: ProviderSettings) -> Options:
    options = {
        # The numbers on the card hold on every device: TF32 would round products to 10 bits.
        "use_tf32": "0",
        # An exhaustive search would run again for each new image shape of the detector.
        "cudnn_conv_algo_search": "HEURISTIC",
        "arena_extend_strategy": "kSameAsRequested",
    }
    if settings.gpu_mem_limit is not None:
        options["gpu_mem_limit"] = str(settings.gpu_mem_limit)
    return options


def tensorrt_options(
    settings: ProviderSettings, source: ModelInput, batch_sizes: Sequence[int], *, halves: bool
) -> Options:
    """halves: fp16. Without a profile TensorRT would build its engine anew for each new shape; so
    it is told the range of them, from the smallest bucket to the largest.
    """
    side = source.long_side or source.multiple_of
    largest = -(-side // source.multiple_of) * source.multiple_of
    smallest = source.multiple_of

    def shape(count: int, free_side: int) -> str:
        height, width = source.height or free_side, source.width or free_side
        return f"{source.name}:{count}x{height}x{width}x3"

    options = {
        "trt_profile_min_shapes": shape(batch_sizes[0], smallest),
        "trt_profile_opt_shapes": shape(batch_sizes[-1], largest),
        "trt_profile_max_shapes": shape(batch_sizes[-1], largest),
        "trt_fp16_enable": "1" if halves else "0",
    }
    if settings.gpu_mem_limit is not None:
        options["trt_max_workspace_size"] = str(settings.gpu_mem_limit)
    if settings.engine_cache is not None:
        folder = str(settings.engine_cache)
        options |= {"trt_engine_cache_enable": "1", "trt_engine_cache_path": folder}
        options |= {"trt_timing_cache_enable": "1", "trt_timing_cache_path": folder}
    return options


def coreml_options() -> Options:
    """Without the neural engine, which computes in half precision."""
    return {"ModelFormat": "MLProgram", "MLComputeUnits": "CPUAndGPU"}
