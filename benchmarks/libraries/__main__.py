"""Libraries that find landmarks, end to end on one thread, beside ours: `make bench-libraries`, or
`python -m benchmarks.libraries`. Wants the environment .venvs/peers; what cannot be had is named.
"""

import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.command import Effort, Measuring, effort, parser
from benchmarks.libraries.worker import PEERS
from benchmarks.peers.client import PeerClient, PeerError
from benchmarks.pictures import pictures
from benchmarks.record import Demand, Plot, Table
from benchmarks.summary import spread

USUAL, QUICK = Effort(30, 0.0), Effort(2, 0.0)
_RUNS = 10
_RIVAL = "mesh"
_WORKER = "benchmarks.libraries.worker"
_MISSING = (
    "Not here: MediaPipe's task API (FaceLandmarker), whose models are a file from elsewhere; the "
    "face mesh of its package (0.10.21, the last release that holds weights) runs the same two "
    "steps, a BlazeFace detector and a mesh network. dlib's 68-point model is a file from "
    "elsewhere too, so dlib finds boxes alone."
)


@dataclass(frozen=True, slots=True)
class Round:
    """Milliseconds of a picture, medians of one round: all of it, and decoding the file. cpu: of
    the processor, a mean.
    """

    whole: float
    decoding: float
    cpu: float
    faces: int


def round_of(client: PeerClient, jpeg: Path) -> Round:
    """One round of one library."""
    answer: dict[str, Any] = client.ask({"jpeg": str(jpeg), "runs": _RUNS})
    return Round(
        statistics.median(answer["milliseconds"]),
        statistics.median(answer["decoding"]),
        answer["cpu"],
        answer["faces"],
    )


def table(clients: Sequence[PeerClient], found: Mapping[str, Sequence[Round]]) -> Table:
    first = found[clients[0].name]
    rows = []
    for client in clients:
        own = found[client.name]
        to_ours = [one.whole / mine.whole for one, mine in zip(own, first, strict=True)]
        rows.append(
            [
                f"{client.about.title} {client.about.version}",
                client.about.input,
                spread([one.whole for one in own]).text(),
                spread([one.decoding for one in own]).text(),
                spread([one.whole - one.decoding for one in own]).text(),
                spread(to_ours).text(),
                spread([one.cpu for one in own]).text(),
                str(min(one.faces for one in own)),
            ]
        )
    head = [
        "library",
        "finds",
        "ms",
        "of it decoding",
        "without decoding",
        "to ours",
        "CPU-ms",
        "faces",
    ]
    return Table("One picture, from JPEG bytes", head, rows)


def demands(found: Mapping[str, Sequence[Round]], ours: str) -> list[Demand]:
    if _RIVAL not in found:
        return []
    pairs = zip(found[ours], found[_RIVAL], strict=True)
    ratio = spread([theirs.whole / mine.whole for mine, theirs in pairs])
    what = "MediaPipe's face mesh with decoding, to ours, one thread"
    return [Demand(what, "> 1", ratio.text(), ratio.median > 1)]


def main(argv: list[str]) -> int:
    command = parser(__doc__, USUAL)
    command.add_argument("--peers-python", type=Path, default=Path(".venvs/peers/bin/python"))
    command.add_argument("--peers", nargs="*", choices=tuple(PEERS), default=list(PEERS))
    given = command.parse_args(argv)
    how = effort(given, USUAL, QUICK)
    measuring = Measuring(given, "libraries", "Beside libraries", "benchmarks.libraries")
    picture = pictures(given.models)[0]
    ours = given.models.resolve()
    try:
        with ExitStack() as stack, tempfile.TemporaryDirectory() as scratch:
            file = Path(scratch) / "picture.jpg"
            file.write_bytes(picture.jpeg)
            opened = [(Path(sys.executable), str(ours))]
            opened += [(given.peers_python.absolute(), name) for name in given.peers]
            clients = [
                stack.enter_context(PeerClient(python, name, _WORKER)) for python, name in opened
            ]
            found: dict[str, list[Round]] = {client.name: [] for client in clients}
            for _ in range(how.rounds):
                for client in clients:
                    found[client.name].append(round_of(client, file))
    except PeerError as error:
        print(f"{error}. `make bench-libraries` makes the environment.", file=sys.stderr)
        return 1
    medians = {
        "decoding": [statistics.median(one.decoding for one in found[c.name]) for c in clients],
        "the rest": [
            statistics.median(one.whole - one.decoding for one in found[c.name]) for c in clients
        ],
    }
    labels = [f"{client.about.title}, {client.about.input.partition(',')[0]}" for client in clients]
    plot = Plot("libraries", "stacked", "One picture on one thread", "ms", "", labels, medians)
    measuring.finish(
        [
            f"{picture}. Each in a process of its own, bound to one and the same processor, from "
            "the bytes of the file to what it finds; the peers decode with OpenCV. Tracking is fed "
            "the same picture again and again, so its detector never runs: the best case of a "
            f"video. {how.rounds} rounds of {_RUNS} pictures each.",
            _MISSING,
        ],
        [table(clients, found)],
        [plot],
        demands(found, clients[0].name),
        {name: [asdict(one) for one in own] for name, own in found.items()},
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
