"""Other model servers around the same models and the same pre- and post-processing, beside ours:
`make bench-serving`, or `python -m benchmarks.serving`.

A peer whose environment is not there is left out and named. In each round every server is started
anew, must answer what our pipeline answers, is warmed up, measured, and stopped, in a new order.
"""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from app.threads import cpu_count
from benchmarks.command import Effort, Measuring, effort, parser
from benchmarks.load import LoadError
from benchmarks.pictures import Picture, pictures
from benchmarks.pipeline import Pipeline, faces_of
from benchmarks.service import Launch, ServiceError, ours
from benchmarks.serving.measuring import Run, WrongAnswerError, runs
from benchmarks.serving.peers import ENVIRONMENTS, NAMES, launches
from benchmarks.serving.report import costs, demands, plot, rates

USUAL, QUICK = Effort(5, 5.0), Effort(1, 0.2)
CALLERS = (1, 8, 32)


def rounds_of(
    servers: Sequence[Launch],
    picture: Picture,
    expected: list[object],
    callers: Sequence[int],
    how: Effort,
) -> tuple[dict[str, list[list[Run]]], dict[str, str]]:
    """Title -> rounds -> runs of the servers that went through all of it, ours (the first) always;
    and of the others that did not, why.
    """
    found: dict[str, list[list[Run]]] = {launch.title: [] for launch in servers}
    failed: dict[str, str] = {}
    for number in range(how.rounds):
        turn = number % len(servers)
        for launch in [*servers[turn:], *servers[:turn]]:
            if launch.title in failed:
                continue
            print(f"round {number + 1} of {how.rounds}: {launch.title}", file=sys.stderr)
            try:
                one = runs(launch, picture, expected, callers, how.seconds)
            except (ServiceError, LoadError, WrongAnswerError) as error:
                if launch is servers[0]:
                    raise
                print(error, file=sys.stderr)
                failed[launch.title] = str(error).partition(":\n")[0]
                del found[launch.title]
            else:
                found[launch.title].append(one)
    return found, failed


def main(argv: list[str]) -> int:
    command = parser(__doc__, USUAL)
    command.add_argument("--callers", type=int, nargs="+", default=list(CALLERS))
    command.add_argument("--peers", nargs="*", choices=NAMES, default=list(NAMES))
    command.add_argument("--environments", type=Path, default=ENVIRONMENTS)
    given = command.parse_args(argv)
    how = effort(given, USUAL, QUICK)
    measuring = Measuring(given, "serving", "Beside other servers", "benchmarks.serving")
    picture = pictures(given.models)[0]
    workers = cpu_count()
    peers = [
        launch
        for launch in launches(given.models, workers, given.environments)
        if launch.name in given.peers
    ]
    there = [launch for launch in peers if Path(launch.command[0]).exists()]
    missing = [launch.title for launch in peers if launch not in there]
    expected: list[object] = list(faces_of(Pipeline(given.models)(picture.jpeg)))
    servers = [ours(given.models, given.python), *there]
    found, failed = rounds_of(servers, picture, expected, given.callers, how)
    versions = ", ".join(f"{launch.title} {_version(launch)}" for launch in there)
    text = [
        f"The same models, decoding, measuring and JSON behind other servers: {versions}. Each in "
        f"an environment of its own with {workers} workers of one thread, a raw body, kept "
        "connections, no access log; before it is measured each must answer what our pipeline "
        f"answers. {picture}. {how.rounds} rounds, in each {how.seconds:g} s of each number of "
        'callers; "ours to it" is the ratio within a round. MB: all its processes, what they '
        "share counted once."
    ]
    if missing:
        text.append(f"Not measured, their environments are not there: {', '.join(missing)}.")
    text += [f"**{title} failed** and is left out: {reason}." for title, reason in failed.items()]
    raw = {title: [[asdict(run) for run in one] for one in own] for title, own in found.items()}
    measuring.finish(text, [rates(found), costs(found)], [plot(found)], demands(found), raw)
    return 0


def _version(launch: Launch) -> str:
    """Of the server's package, read from its environment."""
    package = {"plain": "fastapi"}.get(launch.name, launch.name)
    packages = Path(launch.command[0]).parent.parent / "lib"
    (found,) = packages.glob(f"python3*/site-packages/{package}-*.dist-info")
    return found.name.removesuffix(".dist-info").partition("-")[2]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
