"""What Grafana's dashboard asks for is what the service shows."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.service.serving import ONE_FACE, Service, raw

DASHBOARD = Path(__file__).parents[2] / "docker/monitoring/grafana/dashboards/mien.json"
# What whoever looks at it must find there.
NEEDED = {
    "mien_requests_total",
    "mien_refusals_total",
    "mien_stage_seconds_bucket",
    "mien_queue_wait_seconds_bucket",
    "mien_queue_depth",
    "mien_batch_size_bucket",
    "mien_faces_per_image_bucket",
    "mien_model_info",
    "mien_ready",
}

Samples = dict[str, list[dict[str, str]]]


def panels() -> list[dict[str, Any]]:
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    return list(dashboard["panels"])


def targets() -> Iterator[tuple[str, str]]:
    """(query, legend) of every line that is drawn."""
    for panel in panels():
        for target in panel.get("targets", ()):
            yield target["expr"], target["legendFormat"]


@pytest.fixture(scope="module")
def shown(service: Service) -> Samples:
    """Name of a sample -> the labels it comes with."""
    raw(service.client, "/analyze", ONE_FACE).raise_for_status()
    assert raw(service.client, "/pose", b"junk").status_code == 415
    found: Samples = {}
    for family in text_string_to_metric_families(service.client.get("/metrics").text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample.labels)
    return found


def metrics(query: str) -> list[tuple[str, dict[str, str]]]:
    """Metrics of a query, each with the patterns for its labels."""
    found = re.findall(r"\b(mien_\w+)(?:\{([^}]*)\})?", query)
    return [(name, dict(re.findall(r'(\w+)=~?"([^"]*)"', chosen))) for name, chosen in found]


def grouped(query: str) -> set[str]:
    return {label for group in re.findall(r"by \(([^)]*)\)", query) for label in group.split(", ")}


@pytest.mark.parametrize("query", sorted({query for query, _ in targets()}))
def test_a_query_finds_something(query: str, shown: Samples) -> None:
    assert metrics(query)
    for name, patterns in metrics(query):
        fitting = [
            labels
            for labels in shown.get(name, ())
            if all(re.fullmatch(pattern, labels[key]) for key, pattern in patterns.items())
            and grouped(query) <= labels.keys()
        ]
        assert fitting, name


@pytest.mark.parametrize(("query", "legend"), sorted(set(targets())))
def test_a_legend_names_what_is_told_apart(query: str, legend: str) -> None:
    assert set(re.findall(r"\{\{(\w+)\}\}", legend)) <= grouped(query)


def test_all_that_is_needed_is_drawn() -> None:
    drawn = {name for query, _ in targets() for name, _ in metrics(query)}
    assert drawn >= NEEDED


def test_panels_are_told_apart_and_do_not_overlap() -> None:
    numbers = [panel["id"] for panel in panels()]
    assert len(set(numbers)) == len(numbers)
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert max(x for x, _ in cells) < 24
        assert not cells & taken
        taken |= cells
