"""What grows and what must not: `python -m benchmarks.growth`.

The cost of an image in requests of 1 to 64; memory over 20,000 requests; latency and refusals at
80 % of the capacity and at twice it, with requests that come whether or not others are answered.
"""

import sys
from dataclasses import asdict

from benchmarks import wire
from benchmarks.command import Effort, Measuring, effort, parser
from benchmarks.growth_measuring import FULL, batches, memory, overload, start
from benchmarks.growth_report import (
    demands,
    loads_table,
    memory_table,
    plots,
    sizes_table,
    starts_table,
)
from benchmarks.pictures import pictures
from benchmarks.service import Service, ours

USUAL, QUICK = Effort(5, 4.0), Effort(1, 0.1)
IMAGES = (1, 2, 4, 8, 16, 32, 64)
_MOST_IMAGES = "MIEN_LIMITS__MAX_IMAGES"


def main(argv: list[str]) -> int:
    command = parser(__doc__, USUAL)
    command.add_argument("--images", type=int, nargs="+", default=list(IMAGES))
    command.add_argument("--requests", type=int, help="for the memory (20000)")
    given = command.parse_args(argv)
    how = effort(given, USUAL, QUICK)
    requests = given.requests or (20 if given.quick else 20_000)
    measuring = Measuring(given, "growth", "Growth and overload", "benchmarks.growth")
    picture = pictures(given.models)[0]
    usual = ours(given.models, given.python)
    many = ours(given.models, given.python, {_MOST_IMAGES: str(max(given.images))})
    starts = [start(usual, picture) for _ in range(how.rounds)]
    print("requests of many images", file=sys.stderr)
    with Service(many, picture.jpeg) as service:
        sized = [
            one
            for _ in range(how.rounds)
            for one in batches(service, picture, given.images, how.seconds)
        ]
    request = wire.post(usual.path, picture.jpeg, "image/jpeg")
    with Service(usual, picture.jpeg) as service:
        print(f"memory over {requests:,} requests", file=sys.stderr)
        samples = memory(service, request, requests)
        print("overload", file=sys.stderr)
        pressed = [
            one
            for number in range(how.rounds)
            for one in overload(service, request, how.seconds, number)
        ]
    measuring.finish(
        [
            f"POST /analyze, everything. {picture}. {how.rounds} rounds. Overload: requests come "
            "at random times (Poisson) over as many kept connections as it takes, and a latency "
            "counts from the time at which the request was due, so a stall is not hidden. Capacity "
            f"is what {FULL} callers get in the same round. The client's own share of the "
            "processors is in the table, and how late it was itself."
        ],
        [sizes_table(sized), starts_table(starts), memory_table(samples), loads_table(pressed)],
        plots(sized, samples),
        demands(starts, samples, pressed),
        {
            "batches": [asdict(one) for one in sized],
            "starts": starts,
            "memory": [asdict(one) for one in samples],
            "overload": [asdict(one) for one in pressed],
        },
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
