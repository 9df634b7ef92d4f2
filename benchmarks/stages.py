"""Where each millisecond of one request goes, on one thread: `python -m benchmarks.stages`.

The same picture is analysed in this process, stage by stage, and sent to the service over a kept
connection, in turns. What the request takes longer is HTTP and all that surrounds the analysis.
"""

import json
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from benchmarks import wire
from benchmarks.closed_loop import closed_loop
from benchmarks.command import Effort, Measuring, effort, parser
from benchmarks.pictures import Picture, pictures
from benchmarks.pipeline import STAGES, Pipeline
from benchmarks.record import Demand, Plot, Table
from benchmarks.service import Service, ours
from benchmarks.summary import spread

USUAL, QUICK = Effort(20, 1.0), Effort(1, 0.1)
HTTP = "HTTP and the rest"
_MEANING = {
    "decode": "JPEG to RGB",
    "prepare": "the image into the detector's input",
    "detect": "the detector's network and the choice of boxes",
    "crop": "faces cut out",
    "infer": "the face network",
    "measure": "back into the image; pose, eyes, quality, verdict",
    "encode": "answer to JSON",
    HTTP: "the request less all of the above; of the ms some are the client's",
}
_ONE_THREAD = {
    "MIEN_WORKERS": "1",
    "MIEN_INFERENCE__THREADS": "1",
    "MIEN_INFERENCE__DECODE_THREADS": "1",
}


@dataclass(frozen=True, slots=True)
class Round:
    """Milliseconds, medians within the round. cpu: of the processor. told: by the service."""

    stages: Mapping[str, float]
    stages_cpu: Mapping[str, float]
    in_process: float
    in_process_cpu: float
    request: float
    request_cpu: float
    told: Mapping[str, float]


class Laps:
    """Milliseconds of the stages of each image; used: of this thread's processor."""

    def __init__(self) -> None:
        self.taken: dict[str, list[float]] = {stage: [] for stage in STAGES}
        self.used: dict[str, list[float]] = {stage: [] for stage in STAGES}
        self.start()

    def start(self) -> None:
        self._last, self._last_used = time.perf_counter(), time.thread_time()

    def __call__(self, stage: str) -> None:
        now, used = time.perf_counter(), time.thread_time()
        self.taken[stage].append((now - self._last) * 1000)
        self.used[stage].append((used - self._last_used) * 1000)
        self._last, self._last_used = time.perf_counter(), used


def measure(pipeline: Pipeline, service: Service, picture: Picture, seconds: float) -> Round:
    """One round of one picture."""
    laps, totals, used = Laps(), list[float](), time.process_time()
    until = time.perf_counter() + seconds
    while (started := time.perf_counter()) < until or not totals:
        laps.start()
        pipeline(picture.jpeg, laps)
        totals.append((time.perf_counter() - started) * 1000)
    used = (time.process_time() - used) * 1000 / len(totals)
    request = wire.post(service.launch.path, picture.jpeg, "image/jpeg")
    taken = closed_loop(
        service.address,
        request,
        callers=1,
        seconds=seconds,
        warm_up=seconds / 10,
        server_cpu=service.cpu_seconds,
    )
    told = [json.loads(service.ask(picture.jpeg)[1])["timings_ms"] for _ in range(5)]
    return Round(
        {stage: statistics.median(times) for stage, times in laps.taken.items()},
        {stage: statistics.median(times) for stage, times in laps.used.items()},
        statistics.median(totals),
        used,
        taken.quantile(50),
        taken.server_cpu_ms,
        {name: statistics.median(one[name] for one in told) for name in told[0]},
    )


def budget(title: str, rounds: Sequence[Round]) -> Table:
    """The stages of one picture."""
    whole = statistics.median(one.request for one in rounds)
    rows = []
    for name in STAGES:
        taken = spread([one.stages[name] for one in rounds])
        used = spread([one.stages_cpu[name] for one in rounds])
        share = f"{taken.median / whole:.0%}"
        rows.append([name, taken.text(), share, used.text(), _MEANING[name]])
    rest = spread([one.request - one.in_process for one in rounds])
    rest_used = spread([one.request_cpu - one.in_process_cpu for one in rounds])
    rows.append([HTTP, rest.text(), f"{rest.median / whole:.0%}", rest_used.text(), _MEANING[HTTP]])
    inside = spread([one.in_process for one in rounds])
    inside_used = spread([one.in_process_cpu for one in rounds])
    total = spread([one.request for one in rounds])
    total_used = spread([one.request_cpu for one in rounds])
    rows.append(["**in process**", inside.text(), "", inside_used.text(), "all in one thread"])
    rows.append(
        ["**the request**", total.text(), "100%", total_used.text(), "as the client sees it"]
    )
    return Table(title, ["stage", "ms", "of the request", "CPU-ms", ""], rows)


def told(found: Mapping[str, Sequence[Round]]) -> Table:
    first = next(iter(found.values()))
    head = ["picture", *first[0].told]
    rows = []
    for name, rounds in found.items():
        medians = [statistics.median(one.told[key] for one in rounds) for key in head[1:]]
        rows.append([name, *(f"{value:.2f}" for value in medians)])
    return Table("As the service tells it itself (`timings_ms`), ms", head, rows)


def main(argv: list[str]) -> int:
    command = parser(__doc__, USUAL)
    command.add_argument("--most-ms", type=float, default=4.0, help="demanded for one face")
    given = command.parse_args(argv)
    how = effort(given, USUAL, QUICK)
    measuring = Measuring(given, "stages", "Stages of one request", "benchmarks.stages")
    shown = pictures(given.models)
    found: dict[str, list[Round]] = {picture.name: [] for picture in shown}
    launch = ours(given.models, given.python, _ONE_THREAD)
    with Service(launch, shown[0].jpeg) as service:
        pipeline = Pipeline(given.models)
        for picture in shown:
            pipeline(picture.jpeg)
        for _ in range(how.rounds):
            for picture in shown:
                found[picture.name].append(measure(pipeline, service, picture, how.seconds))
    names = [*STAGES, HTTP]
    medians = {name: [_median(rounds, name) for rounds in found.values()] for name in names}
    plot = Plot("stages", "stacked", "One request on one thread", "ms", "", list(found), medians)
    faces = spread([one.in_process - one.stages["encode"] for one in found[shown[0].name]])
    measuring.finish(
        [
            f"{pipeline.version}: one thread, one request at a time, everything (`/analyze`). "
            f"{shown[0]}; {shown[1]}. "
            f"{how.rounds} rounds, in each {how.seconds:g} s of each row."
        ],
        [
            *(budget(f"Of {name}", rounds) for name, rounds in found.items()),
            told(found),
        ],
        [plot],
        [
            Demand(
                "whole image with one face to numbers (without JSON), one thread",
                f"<= {given.most_ms:.1f} ms",
                f"{faces.text()} ms",
                faces.median <= given.most_ms,
            )
        ],
        {name: [asdict(one) for one in rounds] for name, rounds in found.items()},
    )
    return 0


def _median(rounds: Sequence[Round], name: str) -> float:
    if name == HTTP:
        return max(0.0, statistics.median(one.request - one.in_process for one in rounds))
    return statistics.median(one.stages[name] for one in rounds)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
