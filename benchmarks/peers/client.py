"""The other end of `benchmarks.peers.worker`: starts a detector's process and asks it."""

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.peer import About, FoundBoxes

_ROOT = Path(__file__).resolve().parent.parent.parent
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class PeerError(Exception):
    """A detector's process ended or did not start."""


def save_images(images: Sequence[NDArray[np.uint8]], file: Path) -> Path:
    """Stores images of any sizes, in order, for `PeerClient.detect`."""
    np.savez(file, *images)
    return file


class PeerClient:
    """One detector that runs elsewhere. A context manager: leaving it ends the process."""

    def __init__(self, python: Path, name: str, module: str = "benchmarks.peers.worker") -> None:
        """python: interpreter that has the detector's packages. name: see `worker.open_peer`.
        module: of the worker, if it is another one.
        """
        self.name = Path(name).name
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (closed by __exit__)
        try:
            self._process = subprocess.Popen(
                [str(python), "-m", module, name],
                cwd=_ROOT,
                env={**os.environ, **_ONE_THREAD},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                text=True,
            )
        except OSError as error:
            self._log.close()
            raise PeerError(f"{name}: {python} cannot be run ({error.strerror})") from error
        try:
            self.about = About(**self._read())
        except BaseException:
            self.__exit__(None, None, None)
            raise

    def detect(self, images: Path, *, curve: bool = False) -> list[FoundBoxes]:
        """What is found in each of the images of `save_images`."""
        with tempfile.TemporaryDirectory() as folder:
            answers = Path(folder) / "answers.npz"
            self.ask({"images": str(images), "curve": curve, "answers": str(answers)})
            with np.load(answers) as stored:
                cuts = np.cumsum(stored["counts"])[:-1]
                boxes, scores = np.split(stored["boxes"], cuts), np.split(stored["scores"], cuts)
        return [FoundBoxes(*one) for one in zip(boxes, scores, strict=True)]

    def time(self, image: Path, runs: int) -> list[float]:
        """Milliseconds of each of `runs` detections in the image of an .npy file."""
        milliseconds: list[float] = self.ask({"image": str(image), "runs": runs})["milliseconds"]
        return milliseconds

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.communicate()
        self._log.close()

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """One request in the worker's own words."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # it ended: reading says why
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            self._log.seek(0)
            last = self._log.read().decode(errors="replace").strip().splitlines()[-1:]
            raise PeerError(f"{self.name} ended: {' '.join(last) or 'it said nothing'}")
        answer: dict[str, Any] = json.loads(line)
        return answer
