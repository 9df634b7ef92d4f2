"""What is counted, read back by Prometheus' own parser."""

from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.batching.batcher import BatchRecord
from app.observability.exposition import Exposition
from app.observability.metrics import FACES, SECONDS, Metrics
from app.observability.observer import RequestRecord
from app.processes.crew import Crew, WorkerState

RECORD = RequestRecord(
    id="abc",
    method="POST",
    path="/v1/pose",
    route="/pose",
    status=200,
    code=None,
    ms=4.0,
    stages={"decode": 1.5},
    images=2,
    faces=3,
    faces_per_image=(3, 0),
    traceparent=None,
)
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def read(crew: Crew) -> Samples:
    text = Exposition(crew, {"version": "1", "onnxruntime": "2"}, dict).text().decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples[(name, frozenset(labels.items()))]


def test_a_request() -> None:
    crew = Crew(1)
    metrics = Metrics(crew.ledger(0))
    metrics.request(RECORD)
    metrics.request(replace(RECORD, status=503, code="overloaded", images=0, faces_per_image=()))
    found = read(crew)
    assert value(found, "mien_requests_total", route="/pose", status="200") == 1
    assert value(found, "mien_requests_total", route="/pose", status="503") == 1
    assert value(found, "mien_refusals_total", code="overloaded") == 1
    assert value(found, "mien_images_total") == 2
    assert value(found, "mien_request_seconds_count", route="/pose") == 2
    assert value(found, "mien_request_seconds_sum", route="/pose") == pytest.approx(0.008)
    # A bucket holds what is at most its bound.
    assert value(found, "mien_request_seconds_bucket", route="/pose", le="0.003") == 0
    assert value(found, "mien_request_seconds_bucket", route="/pose", le="0.004") == 2
    assert value(found, "mien_request_seconds_bucket", route="/pose", le="+Inf") == 2
    assert value(found, "mien_stage_seconds_bucket", stage="decode", le="0.001") == 0
    assert value(found, "mien_stage_seconds_bucket", stage="decode", le="0.002") == 2
    assert value(found, "mien_faces_per_image_bucket", le="0") == 1
    assert value(found, "mien_faces_per_image_bucket", le="3") == 2
    assert value(found, "mien_faces_per_image_sum") == 3


def test_a_batch() -> None:
    crew = Crew(1)
    metrics = Metrics(crew.ledger(0))
    metrics.batch(BatchRecord("detector", (0.0, 0.5, 20.0), 0.003, failed=False))
    metrics.queues({"detector": 4})
    found = read(crew)
    assert value(found, "mien_batch_size_bucket", model="detector", le="2") == 0
    assert value(found, "mien_batch_size_bucket", model="detector", le="4") == 1
    assert value(found, "mien_batch_seconds_sum", model="detector") == pytest.approx(0.003)
    assert value(found, "mien_queue_wait_seconds_count", model="detector") == 3
    assert value(found, "mien_queue_wait_seconds_bucket", model="detector", le="10") == 2
    assert value(found, "mien_queue_wait_seconds_sum", model="detector") == pytest.approx(20.5)
    assert value(found, "mien_queue_depth", model="detector") == 4


def test_one_view_over_all_workers() -> None:
    crew = Crew(2)
    first, second = (Metrics(crew.ledger(index)) for index in range(2))
    first.request(RECORD)
    second.request(RECORD)
    second.request(replace(RECORD, route="/analyze"))
    first.queues({"detector": 1})
    second.queues({"detector": 2})
    crew.note(0, WorkerState.READY)
    found = read(crew)
    assert value(found, "mien_requests_total", route="/pose", status="200") == 2
    assert value(found, "mien_requests_total", route="/analyze", status="200") == 1
    assert value(found, "mien_request_seconds_count", route="/pose") == 2
    assert value(found, "mien_queue_depth", model="detector") == 3
    assert value(found, "mien_images_total") == 6
    assert value(found, "mien_workers", state="ready") == 1
    assert value(found, "mien_workers", state="starting") == 1
    assert value(found, "mien_ready") == 0
    assert value(found, "mien_build_info", version="1", onnxruntime="2") == 1


def test_a_successor_goes_on_counting_but_has_an_empty_queue() -> None:
    crew = Crew(2)
    died = Metrics(crew.ledger(1))
    died.request(RECORD)
    died.queues({"detector": 7})
    successor = Metrics(crew.ledger(1))
    successor.request(RECORD)
    crew.count_replaced()
    found = read(crew)
    assert value(found, "mien_requests_total", route="/pose", status="200") == 2
    assert value(found, "mien_queue_depth", model="detector") == 0
    assert value(found, "mien_workers_replaced_total") == 1


def test_labels_of_any_kind_are_readable() -> None:
    crew = Crew(1)
    Metrics(crew.ledger(0)).batch(BatchRecord('a"b\\c\nd', (0.0,), 0.1, failed=False))
    assert value(read(crew), "mien_batch_size_count", model='a"b\\c\nd') == 1


def test_bounds_ascend() -> None:
    for bounds in (SECONDS, FACES):
        assert list(bounds) == sorted(set(bounds))
