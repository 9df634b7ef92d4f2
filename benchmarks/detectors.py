"""Our face detectors and other people's on the same pictures, in one run:

    make bench-detectors DATA=DIR, or

    python3.11 -m venv .venvs/peers
    .venvs/peers/bin/python -m pip install --no-deps --require-hashes --only-binary=:all: \\
        -r requirements/peers.txt
    python -m benchmarks.detectors --data DIR

in the training environment. DIR holds w300, pointing04, wider_sub and negatives as training reads
them, and perhaps heads that nothing was trained on:

    python -m training render --count 1500 --out DIR/renders-test --seed 990 --size 192 \\
        --margin 1.7 --facekit FACEKIT

The peers' packages hold their weights and nothing else is fetched; mediapipe 0.10.21 wants Python
3.9 to 3.12. Writes docs/detectors.md and, with every number and its protocol, runs/detectors.json.
"""

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import cv2
import numpy as np

from benchmarks.detectors_comparing import compare
from benchmarks.detectors_report import Comparison, markdown, write_json
from benchmarks.detectors_sets import box_images, photograph_sets, rendered_set
from benchmarks.detectors_times import measure
from benchmarks.peers.client import PeerClient, PeerError

PEERS = ("blazeface-full", "blazeface-short", "dlib-hog", "opencv-haar")
_PICTURE = (640, 480)


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--renders", type=Path, help="default: renders-test in DIR, if it is there")
    parser.add_argument("--models", type=Path, default=Path("models"), help="folder of detector*")
    parser.add_argument("--peers-python", type=Path, default=Path(".venvs/peers/bin/python"))
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=list(PEERS))
    parser.add_argument("--box-images", type=int, default=300, help="of each set, for corrections")
    parser.add_argument("--rounds", type=int, default=30, help="of the timing")
    parser.add_argument("--json", type=Path, default=Path("runs/detectors.json"))
    parser.add_argument("--markdown", type=Path, default=Path("docs/detectors.md"))
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    given = arguments(argv)
    ours = sorted(card.parent.resolve() for card in given.models.glob("detector*/card.json"))
    if not ours:
        print(f"{given.models} holds no detector with a card. Check --models.", file=sys.stderr)
        return 1
    renders = given.renders or given.data / "renders-test"
    try:
        with ExitStack() as stack, tempfile.TemporaryDirectory() as scratch:
            own = [
                stack.enter_context(PeerClient(Path(sys.executable), str(path))) for path in ours
            ]
            peers = [
                stack.enter_context(PeerClient(given.peers_python.absolute(), name))
                for name in given.peers
            ]
            sets = photograph_sets(given.data)
            training = box_images(given.data, given.box_images)
            if given.renders or renders.is_dir():
                sets.append(rendered_set(renders))
            compared = compare(own, peers, sets, training, Path(scratch))
            picture = Path(scratch) / "picture.npy"
            people = next(one for one in sets if one.name == "pointing04")
            np.save(picture, cv2.resize(people.images[0].pixels, _PICTURE))
            times = measure([*own, *peers], picture, given.rounds)
    except (PeerError, FileNotFoundError) as error:
        print(
            f"{error}. `python -m benchmarks.detectors --help` says what is needed.",
            file=sys.stderr,
        )
        return 1
    comparison = Comparison(*compared, times, given.box_images)
    write_json(comparison, given.json)
    given.markdown.write_text(markdown(comparison), encoding="utf-8")
    print(f"{given.markdown}, {given.json}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
