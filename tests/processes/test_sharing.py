"""How many workers there are, and what each of them gets."""

import os
import sys

import pytest

from app.errors import StartUpError
from app.processes import sharing
from app.processes.sharing import of_one_worker, worker_count
from app.settings import InferenceSettings, LimitSettings, Settings

CPU = ("AzureExecutionProvider", "CPUExecutionProvider")
GPU = ("TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider")


@pytest.fixture
def eight_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "cpu_count", lambda: 8)
    monkeypatch.setattr(sys, "platform", "linux")


@pytest.mark.usefixtures("eight_cpus")
@pytest.mark.parametrize(
    ("device", "providers", "count"),
    [("auto", CPU, 8), ("auto", GPU, 1), ("cpu", GPU, 8), ("cuda", GPU, 1)],
)
def test_auto(device: str, providers: tuple[str, ...], count: int) -> None:
    settings = Settings.model_validate({"inference": {"device": device}})
    assert worker_count(settings, providers) == count


@pytest.mark.usefixtures("eight_cpus")
def test_a_number_is_obeyed() -> None:
    assert worker_count(Settings(workers=3), GPU) == 3


@pytest.mark.usefixtures("eight_cpus")
def test_systems_that_cannot_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "fork")
    assert worker_count(Settings(workers=1), CPU) == 1
    with pytest.raises(StartUpError, match="MIEN_WORKERS=1"):
        worker_count(Settings(workers=2), CPU)


@pytest.mark.usefixtures("eight_cpus")
def test_auto_is_one_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert worker_count(Settings(), CPU) == 1


def test_one_worker_has_everything() -> None:
    assert of_one_worker(Settings(), 1) == Settings()


@pytest.mark.usefixtures("eight_cpus")
@pytest.mark.parametrize(("count", "decode_threads"), [(2, 4), (8, 1), (16, 1)])
def test_threads(count: int, decode_threads: int) -> None:
    own = of_one_worker(Settings(), count).inference
    assert (own.threads, own.decode_threads) == (1, decode_threads)


@pytest.mark.usefixtures("eight_cpus")
def test_what_is_set_wins() -> None:
    settings = Settings(inference=InferenceSettings(threads=3, decode_threads=2))
    own = of_one_worker(settings, 4).inference
    assert (own.threads, own.decode_threads) == (3, 2)


def test_what_is_for_all_requests_together_is_shared() -> None:
    limits = LimitSettings(
        max_requests=101,
        max_receiving=1000,
        max_buffered_bytes=400,
        max_body_bytes=100,
        max_decoded_images=8,
    )
    own = of_one_worker(Settings(limits=limits), 2).limits
    assert own.max_requests == 51
    assert own.max_receiving == 500
    assert own.max_buffered_bytes == 200
    assert own.max_decoded_images == 4
    # What one request may cost is not.
    assert (own.max_body_bytes, own.max_pixels) == (100, limits.max_pixels)


def test_each_can_take_the_largest_request() -> None:
    own = of_one_worker(Settings(), 64).limits
    assert own.max_buffered_bytes == own.max_body_bytes
    assert own.max_requests == 20
    assert own.max_decoded_images == 2
    small = Settings(limits=LimitSettings(max_requests=1, max_decoded_images=1))
    assert of_one_worker(small, 64).limits.max_requests == 1
    assert of_one_worker(small, 64).limits.max_decoded_images == 1
