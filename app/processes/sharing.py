"""How many workers there are, and what each gets of what was set for the service."""

import os
import sys
from collections.abc import Collection

from app.errors import StartUpError
from app.settings import Settings
from app.threads import cpu_count

_ON_CPU = ("cpu", "openvino")
# With so many at a worker the slowest hundredth at twice the capacity wait less than three times as
# long as at 80 % of it (benchmarks.growth: 1.8 times).
_LEAST_REQUESTS = 20


def worker_count(settings: Settings, providers: Collection[str]) -> int:
    """Processes that serve. `auto` is one per CPU: batching gains nothing there, and one thread per
    model waits for no other. A device is fed best by one process that batches everything.

    providers: of this onnxruntime. StartUpError when this system cannot run that many.
    """
    if settings.workers == "auto":
        device = settings.inference.device
        on_cpu = device in _ON_CPU or (
            device == "auto" and "CUDAExecutionProvider" not in providers
        )
        return cpu_count() if on_cpu and sys.platform == "linux" else 1
    if settings.workers > 1 and not hasattr(os, "fork"):
        raise StartUpError(
            f"MIEN_WORKERS={settings.workers} needs a system that can fork processes. Set "
            "MIEN_WORKERS=1, and start more services on other ports if one is too slow."
        )
    return settings.workers


def of_one_worker(settings: Settings, count: int) -> Settings:
    """The settings of each of `count` workers. What is for all requests together is shared between
    them, but none gets so little that requests which happen to meet there are refused.
    """
    if count == 1:
        return settings
    inference, limits = settings.inference, settings.limits

    def share(whole: int, least: int) -> int:
        return max(-(-whole // count), min(whole, least))

    return settings.model_copy(
        update={
            "inference": inference.model_copy(
                update={
                    "threads": inference.threads or 1,
                    "decode_threads": inference.decode_threads or max(1, cpu_count() // count),
                }
            ),
            "limits": limits.model_copy(
                update={
                    "max_buffered_bytes": share(limits.max_buffered_bytes, limits.max_body_bytes),
                    "max_requests": share(limits.max_requests, _LEAST_REQUESTS),
                    "max_receiving": share(limits.max_receiving, 64),
                    # Two: one is decoded while the other is in the detector.
                    "max_decoded_images": share(limits.max_decoded_images, 2),
                }
            ),
        }
    )
