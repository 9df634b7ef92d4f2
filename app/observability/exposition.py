"""Everything /metrics shows, in Prometheus' text format."""

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from app.inference.model import Model
from app.observability.metrics import families
from app.processes.crew import Crew, WorkerState

Loaded = Callable[[], Mapping[str, Model]]
"""The loaded models by name; none while there are none."""


class Exposition:
    """What is shown for one application. It needs no model to be loaded.

    build: what `mien_build_info` says, by label.
    """

    def __init__(self, crew: Crew, build: Mapping[str, str], loaded: Loaded) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_Service(crew, build, loaded))

    def text(self) -> bytes:
        return generate_latest(self._registry)


class _Service(Collector):
    def __init__(self, crew: Crew, build: Mapping[str, str], loaded: Loaded) -> None:
        self._crew = crew
        self._build = build
        self._loaded = loaded

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        yield from families(self._crew)
        yield GaugeMetricFamily(
            "mien_ready", "Whether requests are answered.", float(self._crew.ready)
        )
        workers = GaugeMetricFamily("mien_workers", "Processes that serve.", labels=["state"])
        for state in WorkerState:
            workers.add_metric([state.name.lower()], self._crew.states.count(state))
        yield workers
        yield CounterMetricFamily(
            "mien_workers_replaced",
            "Workers that ended by themselves and were started again.",
            self._crew.replaced,
        )
        models = GaugeMetricFamily(
            "mien_model_info",
            "A loaded model, and the provider that really runs it.",
            labels=["model", "version", "sha256", "provider"],
        )
        for name, model in self._loaded().items():
            models.add_metric([name, model.card.version, model.sha256, model.provider], 1)
        yield models
        build = GaugeMetricFamily("mien_build_info", "What is running.", labels=list(self._build))
        build.add_metric(list(self._build.values()), 1)
        yield build
