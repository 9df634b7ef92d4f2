"""What the benchmarks' command lines have in common, and what becomes of a record."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.machine import LoadWatch, this_machine
from benchmarks.page import write_page
from benchmarks.record import Demand, Plot, Record, Table

OUT = Path("docs/performance")
QUICK_OUT = Path("runs/quick/performance")
_PLACES = frozenset({"--models", "--out", "--python", "--environments", "--peers-python"})


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured. rounds: in which all rows take turns. seconds: of a row in one."""

    rounds: int
    seconds: float


class _Parser(argparse.ArgumentParser):
    """Remembers what was typed: numbers mean little without the settings they were measured at."""

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        given = super().parse_args(args, namespace)
        given.typed = list(sys.argv[1:] if args is None else args)
        return given


def typed(arguments: Sequence[str]) -> str:
    """What was typed after the module, without the places of this machine."""
    left, kept = list(arguments), list[str]()
    while left:
        word = left.pop(0)
        if word.partition("=")[0] not in _PLACES:
            kept.append(word)
        elif "=" not in word and left:
            left.pop(0)
    return "".join(f" {word}" for word in kept)


def parser(description: str | None, usual: Effort) -> argparse.ArgumentParser:
    made = _Parser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--models", type=Path, default=Path("models"), help="folder of the models")
    made.add_argument("--rounds", type=int, help=f"in which all rows take turns ({usual.rounds})")
    made.add_argument("--seconds", type=float, help=f"of a row in a round ({usual.seconds:g})")
    made.add_argument(
        "--quick",
        action="store_true",
        help=f"only to see that it runs; writes to {QUICK_OUT} and not to {OUT}",
    )
    made.add_argument("--out", type=Path, help="folder of the JSON; the page is written beside it")
    made.add_argument("--python", default=sys.executable, help="interpreter that runs the service")
    made.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="environment of all that is started, e.g. MIEN_INFERENCE__PRECISION=auto; repeated",
    )
    return made


def effort(given: argparse.Namespace, usual: Effort, quick: Effort) -> Effort:
    """As asked for, else the usual one, else the quick one."""
    base = quick if given.quick else usual
    return Effort(given.rounds or base.rounds, given.seconds or base.seconds)


def apply_settings(given: argparse.Namespace) -> None:
    """`--set` for this process and all that it starts: the service, the limit and the peers.

    ValueError for what is no NAME=VALUE.
    """
    pairs = [entry.partition("=") for entry in given.set]
    if wrong := [name for name, equals, _ in pairs if not (name and equals)]:
        raise ValueError(f"--set takes NAME=VALUE. Received: {', '.join(wrong)}")
    os.environ.update({name: value for name, _, value in pairs})


class Measuring:
    """One benchmark from its start to the page."""

    def __init__(self, given: argparse.Namespace, name: str, title: str, module: str) -> None:
        apply_settings(given)
        # onnxruntime's builds for Linux report home.
        os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
        self._given, self._name, self._title, self._module = given, name, title, module
        self._watch = LoadWatch()

    def finish(
        self,
        text: Sequence[str],
        tables: Sequence[Table],
        plots: Sequence[Plot] = (),
        demands: Sequence[Demand] = (),
        raw: Mapping[str, object] | None = None,
    ) -> Record:
        """Print the tables, write the JSON, write the page anew."""
        record = Record(
            self._name,
            self._title,
            f"python -m {self._module}{typed(self._given.typed)}",
            self._given.quick,
            this_machine(),
            self._watch.stop(),
            text,
            tables,
            plots,
            demands,
            raw or {},
        )
        for table in tables:
            print(f"\n{table.title}\n\n{table.markdown()}")
        print(record.load.sentence)
        out = self._given.out or (QUICK_OUT if self._given.quick else OUT)
        file = record.write(out)
        page = write_page(out, drawn=self._name)
        print(f"{file}, {page}")
        return record
