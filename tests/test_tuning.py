"""How `tune` judges times, what it chooses, and that its settings are settings."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.inference.model import Model
from app.inference.providers import CPU, CUDA, TENSORRT
from app.settings import Settings
from app.tuning import report
from app.tuning.choice import WorkersRow, best_batch, best_workers, finalists
from app.tuning.sessions import Row, session_rows
from app.tuning.timing import Sample, Work, take_turns
from app.tuning.variants import (
    Refused,
    Variant,
    candidates,
    open_variant,
    thread_counts,
    with_variant,
)
from tests.tiny_models import picture, write_detector, write_landmarks
from tests.tiny_precisions import add_int8

FP32, TWO = Variant("cpu", "fp32"), Variant("cpu", "fp32", 2)
BF16 = Variant("openvino", "bf16")
GPU = Variant("cuda", "fp32")


def exactly(seconds: float) -> Sample:
    return Sample(seconds, seconds, seconds, 9)


def row(variant: Variant, batch: int, seconds: Sample, model: str = "detector") -> Row:
    return Row(model, variant, variant.precision, batch, seconds)


@given(st.lists(st.floats(0.001, 1.0), min_size=1, max_size=40))
def test_quartiles_are_numpys(values: list[float]) -> None:
    sample = Sample.of(values)
    expected = np.percentile(values, [25, 50, 75])
    np.testing.assert_allclose([sample.low, sample.median, sample.high], expected)
    assert sample.count == len(values)


def test_a_difference_must_stand_out_of_the_noise() -> None:
    slow = Sample(1.0, 0.9, 1.1, 9)
    assert Sample(0.7, 0.6, 0.8, 9).clearly_less(slow)
    assert not Sample(0.7, 0.6, 0.95, 9).clearly_less(slow), "their spreads touch"
    assert not exactly(0.98).clearly_less(exactly(1.0)), "two percent are none"
    assert not slow.clearly_less(slow)


def test_works_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a clock that only the works move; the machine gets slower all the while."""
    now, called = [0.0], []

    def work(name: str, seconds: float) -> Callable[[], None]:
        def run() -> None:
            called.append(name)
            now[0] += seconds * (1 + now[0])

        return run

    monkeypatch.setattr(time, "perf_counter", lambda: now[0])

    def clock() -> float:
        return now[0]

    works = {"a": Work(work("a", 0.01), clock), "b": Work(work("b", 0.02), clock)}
    times = take_turns(works, 1.0)
    assert called[4:10] == ["a", "b", "b", "a", "a", "b"]
    assert times["a"].count == times["b"].count >= 5
    assert times["b"].median / times["a"].median == pytest.approx(2, rel=0.1)


def test_short_works_are_repeated_within_a_sample() -> None:
    now, calls = [0.0], [0]

    def work() -> None:
        calls[0] += 1
        now[0] += 0.0001

    times = take_turns({"a": Work(work, lambda: now[0])}, 0.0)
    assert times["a"].count == 5
    assert calls[0] == 2 + 5 * 20
    assert times["a"].median == pytest.approx(0.0001)


def test_the_fastest_variant_is_taken_unless_the_first_is_as_fast() -> None:
    rows = [
        row(FP32, 1, exactly(2.0)),
        row(FP32, 1, exactly(1.0), "landmarks"),
        row(TWO, 1, exactly(0.1)),
        row(BF16, 1, exactly(1.0)),
        row(BF16, 1, exactly(1.0), "landmarks"),
    ]
    assert finalists(rows) == [BF16]
    noisy = [*rows[:3], row(BF16, 1, Sample(1.0, 0.5, 2.5, 9)), rows[4]]
    assert finalists(noisy) == [FP32]


def test_every_accelerator_goes_the_whole_way_beside_the_best_of_the_cpu() -> None:
    """One image at a time it may be slower than the CPU, and in batches many times faster."""
    rows = [row(FP32, 1, exactly(2.0)), row(BF16, 1, exactly(1.0)), row(GPU, 1, exactly(3.0))]
    assert finalists(rows) == [BF16, GPU]
    on_cpu, on_gpu = whole_way(BF16, 4, 0.001), whole_way(GPU, 1, 0.0005)
    assert best_workers([on_cpu, on_gpu]) is on_gpu
    assert best_workers([on_cpu, whole_way(GPU, 1, 0.00099)]) is on_cpu
    assert GPU.in_flight > FP32.in_flight


def test_a_batch_size_is_named_only_where_one_gains() -> None:
    flat = [row(FP32, batch, exactly(1.0)) for batch in (1, 2, 4)]
    assert best_batch(flat, FP32) is None
    falling = [row(FP32, b, exactly(1 / b), "landmarks") for b in (1, 2, 4)]
    falling.append(row(FP32, 8, exactly(0.25), "landmarks"))
    assert best_batch([*flat, *falling], FP32) == 4
    assert best_batch([*flat, row(TWO, 8, exactly(0.01))], FP32) is None


def test_batches_that_only_cost_are_named_too() -> None:
    rising = [row(FP32, batch, exactly(cost)) for batch, cost in ((1, 1.0), (2, 1.0), (4, 2.0))]
    flat = [row(FP32, batch, exactly(1.0), "landmarks") for batch in (1, 2, 4)]
    assert best_batch([*rising, *flat], FP32) == 2
    falling = [row(FP32, b, exactly(cost), "landmarks") for b, cost in ((1, 1.0), (4, 0.9))]
    assert best_batch([*rising, *falling], FP32) == 2, (
        "the gain of one is less than the other's loss"
    )
    single = [row(FP32, 1, exactly(1.0))]
    assert best_batch([*single, *falling], FP32) == 4, "one model may take no batches"


def test_more_workers_are_taken_where_threads_gain_nothing() -> None:
    one, two = whole_way(TWO, 1, 0.010), whole_way(FP32, 2, 0.0101)
    assert best_workers([one, two]) is two
    assert best_workers([one, whole_way(FP32, 2, 0.02)]) is one


def whole_way(variant: Variant, workers: int, seconds: float) -> WorkersRow:
    return WorkersRow(variant, workers, exactly(seconds), 5, 200)


def test_the_lines_are_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    text = report.environment(whole_way(BF16, 2, 1.0), 4)
    for line in text.splitlines():
        monkeypatch.setenv(*line.split("=", 1))
    settings = Settings()
    inference = settings.inference
    assert (inference.device, inference.precision) == ("openvino", "bf16")
    assert (settings.workers, inference.threads, inference.max_batch) == (2, 1, 4)
    on_gpu = report.environment(whole_way(GPU, 1, 1.0), None)
    assert "MAX_BATCH" not in on_gpu
    assert "THREADS" not in on_gpu


def test_tables_say_what_is_noise() -> None:
    rows = [
        row(FP32, 1, exactly(0.002)),
        row(TWO, 1, exactly(0.001)),
        row(BF16, 1, Sample(0.0015, 0.001, 0.003, 9)),
    ]
    lines = report.sessions_table(rows).splitlines()
    assert [line.split()[-1] for line in lines] == ["gain", "1.00", "2.00", "~1.33"]
    assert "1.500 (1.000 to 3.000)" in lines[3]
    workers = [WorkersRow(TWO, 1, Sample(0.1, 0.05, 0.2, 9), 12.345, 210.4)]
    assert "10.0 (5.0 to 20.0)" in report.workers_table(workers)
    refused = [Refused(BF16, "this CPU cannot")]
    assert report.refusals(refused) == "not here: openvino bf16: this CPU cannot"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    write_detector(tmp_path / "detector")
    write_landmarks(tmp_path / "landmarks-68")
    return Settings(models_dir=tmp_path, landmarks=("landmarks-68",))


def test_what_is_installed_is_tried(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setattr(ort, "get_available_providers", lambda: [CPU])
    assert [str(variant) for variant in candidates(settings)] == ["cpu fp32"]
    add_int8(settings.models_dir / "landmarks-68", faster_on=[])
    monkeypatch.setattr("importlib.util.find_spec", lambda _: object())
    monkeypatch.setattr(ort, "get_available_providers", lambda: [TENSORRT, CUDA, CPU])
    elsewhere = ["cuda fp32", "tensorrt fp32", "tensorrt fp16"]

    def offered() -> list[str]:
        return [str(variant) for variant in candidates(settings)]

    assert offered() == ["cpu fp32", "openvino fp32", "openvino bf16", *elsewhere]
    # One of the two models has an int8 file, and would take it on this CPU.
    add_int8(settings.models_dir / "landmarks-68", faster_on=["some"])
    monkeypatch.setattr("app.inference.precision.cpu_features", lambda: frozenset({"some"}))
    assert offered() == ["cpu fp32", "cpu auto", "openvino fp32", "openvino bf16", *elsewhere]
    # Both have one, whether or not their cards promise anything here.
    add_int8(settings.models_dir / "detector", faster_on=["some"])
    on_openvino = ["openvino fp32", "openvino bf16", "openvino int8"]
    assert offered() == ["cpu fp32", "cpu int8", *on_openvino, *elsewhere]


@pytest.mark.parametrize(("cpus", "counts"), [(1, [1]), (2, [1, 2]), (6, [1, 2, 4, 6])])
def test_threads_that_are_tried(
    cpus: int, counts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.tuning.variants.cpu_count", lambda: cpus)
    assert thread_counts() == counts


def test_a_variant_that_cannot_be_had_says_why(settings: Settings) -> None:
    refused = open_variant(settings, Variant("cpu", "int8"))
    assert isinstance(refused, Refused)
    assert "no int8 file" in refused.reason


def test_every_model_is_measured_in_every_way(settings: Settings) -> None:
    opened = [(variant, open_variant(settings, variant)) for variant in (FP32, TWO)]
    ready = [(variant, loaded) for variant, loaded in opened if not isinstance(loaded, Refused)]
    image = picture(320, 224, {"red": (60, 50, 80, 80)})
    rows = session_rows(ready, image, 4, 0.0)
    met = [(row.model, row.variant.threads, row.batch) for row in rows]
    assert sorted(met) == [
        (model, threads, batch)
        for model in ("detector", "landmarks-68")
        for threads in (1, 2)
        for batch in (1, 2, 4)
    ]
    assert all(row.seconds.median > 0 for row in rows)


def test_settings_of_a_variant_are_those_of_its_models(settings: Settings) -> None:
    own = with_variant(settings, TWO, decode_threads=3)
    assert (own.inference.threads, own.inference.decode_threads) == (2, 3)
    assert Model.open(own.models_dir / "detector", own.inference.device).provider == CPU
