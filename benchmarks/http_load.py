"""Closed-loop load on a running service: so many callers, each sending its next request at once.

`python -m benchmarks.http_load --url http://localhost:8000`. Callers and service share the machine,
so the numbers include the callers' own work; compare runs of one machine only.
"""

import argparse
import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
import numpy as np

IMAGE_TYPES = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".bmp": "image/bmp",
}


@dataclass(frozen=True, slots=True)
class Load:
    """What is sent: `requests` times the image to `path`, by `callers` at once."""

    url: str
    path: str
    image: Path
    requests: int
    callers: int


@dataclass(frozen=True, slots=True)
class Measurement:
    """One row. `refused`: answers other than 200; they count in no rate and no percentile."""

    callers: int
    requests: int
    refused: int
    requests_per_second: float
    faces_per_second: float
    p50_ms: float
    p95_ms: float
    p99_ms: float


async def measure(load: Load) -> Measurement:
    """Run one load. Percentiles are those of answered requests (status 200)."""
    body = load.image.read_bytes()
    headers = {"Content-Type": IMAGE_TYPES[load.image.suffix.lower()]}
    remaining = iter(range(load.requests))
    milliseconds: list[float] = []
    faces = refused = 0

    async def call(client: httpx.AsyncClient) -> None:
        nonlocal faces, refused
        for _ in remaining:
            started = time.perf_counter()
            answer = await client.post(load.path, content=body, headers=headers)
            if answer.status_code != httpx.codes.OK:
                refused += 1
                continue
            milliseconds.append((time.perf_counter() - started) * 1000)
            faces += sum(len(result["faces"]) for result in answer.json()["results"])

    limits = httpx.Limits(max_connections=load.callers)
    async with httpx.AsyncClient(base_url=load.url, limits=limits, timeout=60) as client:
        (await client.post(load.path, content=body, headers=headers)).raise_for_status()
        started = time.perf_counter()
        await asyncio.gather(*(call(client) for _ in range(load.callers)))
        seconds = time.perf_counter() - started
    p50, p95, p99 = np.percentile(milliseconds or [float("nan")], (50, 95, 99)).tolist()
    rate, face_rate = len(milliseconds) / seconds, faces / seconds
    return Measurement(load.callers, load.requests, refused, rate, face_rate, p50, p95, p99)


def row(measurement: Measurement) -> str:
    """A line of the table that `main` prints."""
    m = measurement
    return (
        f"| {m.callers} | {m.requests_per_second:.1f} | {m.faces_per_second:.1f} "
        f"| {m.p50_ms:.1f} | {m.p95_ms:.1f} | {m.p99_ms:.1f} | {m.refused} of {m.requests} |"
    )


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--url", default="http://localhost:8000")
    parser.add_argument("--path", default="/analyze")
    parser.add_argument("--image", type=Path, default=Path("models/self-test/face.png"))
    parser.add_argument("--requests", type=int, default=300, help="per row")
    parser.add_argument("--callers", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--json", type=Path, help="write the rows here too")
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    given = arguments(argv)
    print("| callers | requests/s | faces/s | p50 ms | p95 ms | p99 ms | refused |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    rows = []
    for callers in given.callers:
        load = Load(given.url, given.path, given.image, given.requests, callers)
        try:
            measurement = asyncio.run(measure(load))
        except httpx.HTTPError as error:
            print(f"{given.url}{given.path}: {error}. Is `make serve` running?", file=sys.stderr)
            return 1
        print(row(measurement))
        rows.append(asdict(measurement))
    if given.json:
        given.json.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
