"""The service over HTTP beside the same work without it: `python -m benchmarks.http`.

Raw bodies and multipart, one face and ten, by 1, 8 and 32 callers. In each round the in-process
limit (`benchmarks.limit`, one process a processor) runs right before the rows it is held against.
"""

import itertools
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from app.threads import cpu_count
from benchmarks import wire
from benchmarks.closed_loop import closed_loop
from benchmarks.command import Effort, Measuring, effort, parser
from benchmarks.limit import Limit, Reached
from benchmarks.load import Taken
from benchmarks.pictures import Picture, pictures
from benchmarks.record import Demand, Plot, Table
from benchmarks.service import Service, ours
from benchmarks.summary import spread

USUAL, QUICK = Effort(7, 3.0), Effort(1, 0.2)
CALLERS = (1, 8, 32)
FORMS = ("raw", "multipart")
LEAST_RATIO = {"raw": 0.85, "multipart": 0.75}
MOST_CPU = 1.2


@dataclass(frozen=True, slots=True)
class Row:
    picture: str
    form: str
    callers: int


@dataclass(frozen=True, slots=True)
class Answered:
    """One row in one round. ratio: of the rate to the limit's; cpu_ratio: of the processor time of
    one request to that of one image in process. client_cpu_ms: of this client, a request.
    """

    rate: float
    p50: float
    p99: float
    cpu_ms: float
    client_cpu_ms: float
    limit: float
    ratio: float
    cpu_ratio: float
    refused: int
    failed: int


def request_of(picture: Picture, form: str, path: str) -> bytes:
    """The bytes of one request."""
    if form == "raw":
        return wire.post(path, picture.jpeg, "image/jpeg")
    body, content_type = wire.multipart([picture.jpeg])
    return wire.post(path, body, content_type)


def answered(taken: Taken, limit: Reached) -> Answered:
    return Answered(
        taken.rate,
        taken.quantile(50),
        taken.quantile(99),
        taken.server_cpu_ms,
        taken.client_cpu_ms,
        limit.rate,
        taken.rate / limit.rate,
        taken.server_cpu_ms / limit.cpu_ms,
        len(taken.refused),
        taken.failed,
    )


def round_of(
    service: Service, limit: Limit, shown: Sequence[Picture], callers: Sequence[int], seconds: float
) -> dict[Row, Answered]:
    """Every row once."""
    found = {}
    for picture, form in itertools.product(shown, FORMS):
        request = request_of(picture, form, service.launch.path)
        reached = limit.run(picture.jpeg, seconds, seconds / 5)
        for count in callers:
            taken = closed_loop(
                service.address,
                request,
                callers=count,
                seconds=seconds,
                warm_up=seconds / 5,
                server_cpu=service.cpu_seconds,
            )
            found[Row(picture.name, form, count)] = answered(taken, reached)
    return found


def table(found: Mapping[Row, Sequence[Answered]]) -> Table:
    head = ["picture", "body", "callers", "requests/s", "p50 ms", "p99 ms"]
    head += ["of the limit", "CPU-ms", "to in-process", "client's CPU-ms", "refused, failed"]
    rows = []
    for row, rounds in found.items():
        rows.append(
            [
                row.picture,
                row.form,
                str(row.callers),
                spread([one.rate for one in rounds]).text(0),
                spread([one.p50 for one in rounds]).text(1),
                spread([one.p99 for one in rounds]).text(1),
                spread([one.ratio for one in rounds]).text(),
                spread([one.cpu_ms for one in rounds]).text(),
                spread([one.cpu_ratio for one in rounds]).text(),
                f"{statistics.median(one.client_cpu_ms for one in rounds):.3f}",
                f"{sum(one.refused for one in rounds)}, {sum(one.failed for one in rounds)}",
            ]
        )
    return Table("The service", head, rows)


def limits(found: Mapping[Row, Sequence[Answered]]) -> Table:
    rows = []
    for picture in dict.fromkeys(row.picture for row in found):
        mine = [one for row, rounds in found.items() if row.picture == picture for one in rounds]
        rate = spread([one.limit for one in mine]).text(0)
        cpu = spread([one.cpu_ms / one.cpu_ratio for one in mine if one.cpu_ratio]).text()
        rows.append([picture, rate, cpu])
    head = ["picture", "images/s", "CPU-ms an image"]
    return Table("The in-process limit: the same work, one process a processor", head, rows)


def demands(found: Mapping[Row, Sequence[Answered]]) -> list[Demand]:
    made = []
    for row, rounds in found.items():
        if row.callers == 1 or row.picture != "one face":
            continue
        least = LEAST_RATIO[row.form]
        ratio = spread([one.ratio for one in rounds])
        what = f"{row.form} body, one face, {row.callers} callers"
        made.append(
            Demand(
                f"{what}: of the in-process limit",
                f">= {least:.2f}",
                ratio.text(),
                ratio.median >= least,
            )
        )
        if row.form == "raw":
            cpu = spread([one.cpu_ratio for one in rounds])
            made.append(
                Demand(
                    f"{what}: processor time to in-process",
                    f"<= {MOST_CPU}",
                    cpu.text(),
                    cpu.median <= MOST_CPU,
                )
            )
    return made


def plot(found: Mapping[Row, Sequence[Answered]]) -> Plot:
    """Shares of the limit, by callers; one group of bars for each picture and form."""
    series: dict[str, list[float]] = {}
    low: dict[str, list[float]] = {}
    high: dict[str, list[float]] = {}
    for row, rounds in found.items():
        ratio = spread([one.ratio for one in rounds])
        name = f"{row.picture}, {row.form}"
        series.setdefault(name, []).append(ratio.median)
        low.setdefault(name, []).append(ratio.least)
        high.setdefault(name, []).append(ratio.largest)
    callers = [str(count) for count in dict.fromkeys(row.callers for row in found)]
    title = "Requests a second as a share of the in-process limit"
    return Plot("http", "bars", title, "callers", "share", callers, series, low, high)


def main(argv: list[str]) -> int:
    command = parser(__doc__, USUAL)
    command.add_argument("--callers", type=int, nargs="+", default=list(CALLERS))
    given = command.parse_args(argv)
    how = effort(given, USUAL, QUICK)
    measuring = Measuring(given, "http", "Over HTTP, beside the limit", "benchmarks.http")
    shown = pictures(given.models)
    found: dict[Row, list[Answered]] = {}
    launch = ours(given.models, given.python)
    with Service(launch, shown[0].jpeg) as service, Limit(given.models, cpu_count()) as limit:
        for number in range(how.rounds):
            print(f"round {number + 1} of {how.rounds}", file=sys.stderr)
            one = round_of(service, limit, shown, given.callers, how.seconds)
            for row, result in one.items():
                found.setdefault(row, []).append(result)
    measuring.finish(
        [
            f"POST /analyze, everything. {shown[0]}; {shown[1]}. Each caller has one kept "
            "connection and sends its next request when it has its answer. The client is one "
            "process on the same machine; its processor time is in the table and is the service's "
            "loss. CPU-ms: of all processes of the service, for one answered request. "
            f"{how.rounds} rounds, in each {how.seconds:g} s of each row."
        ],
        [limits(found), table(found)],
        [plot(found)],
        demands(found),
        {
            "rows": [
                {**asdict(row), "rounds": [asdict(one) for one in rounds]}
                for row, rounds in found.items()
            ]
        },
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
