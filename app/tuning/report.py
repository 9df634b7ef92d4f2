"""What was measured, as text that can be read without this code."""

from collections.abc import Sequence

from app.tuning.choice import WorkersRow
from app.tuning.sessions import Row
from app.tuning.timing import Sample
from app.tuning.variants import Refused

SESSIONS = """\
One model by itself. "ms per item" is the time of one image (detector) or one face (landmarks) when
`batch` of them run together with `threads` threads: the median, and in brackets the two times
between which the middle half of the runs lay. A single thread of the CPU is timed by the processor
time it takes, whatever else the machine does; all others by the clock. "gain" is against the
model's first row; a "~" before it says that the two are within the noise."""
PRECISION = """\
Answers in this precision differ a little from those of the cards, which are fp32's: on the golden
image by less than the bounds of app/accuracy_gate.py. For the cards' numbers set
MIEN_INFERENCE__PRECISION=fp32."""
WORKERS = """\
The whole way of an image with one face (JPEG decoding, detector, crop, landmarks, measuring; no
HTTP) on all CPUs, and on each accelerator that can be had by one worker. Each worker is a process
with its own models and `threads` threads per model.
"images/s" is of all workers together; "CPU ms" is processor time per image."""


def sessions_table(rows: Sequence[Row]) -> str:
    lines = [("model", "device", "threads", "batch", "ms per item", "gain")]
    first: dict[str, Sample] = {}
    for row in rows:
        reference = first.setdefault(row.model, row.seconds)
        device = f"{row.variant.device} {row.precision}"
        threads, batch = str(row.variant.threads), str(row.batch)
        times = _interval(row.seconds.scaled(1000), "{:.3f}")
        lines.append((row.model, device, threads, batch, times, _gain(row.seconds, reference)))
    return table(lines)


def workers_table(rows: Sequence[WorkersRow]) -> str:
    lines = [("device", "workers", "threads", "images/s", "gain", "CPU ms", "MB per worker")]
    for row in rows:
        rate = Sample(
            1 / row.seconds.median, 1 / row.seconds.high, 1 / row.seconds.low, row.seconds.count
        )
        lines.append(
            (
                str(row.variant),
                str(row.workers),
                str(row.variant.threads),
                _interval(rate, "{:.1f}"),
                _gain(row.seconds, rows[0].seconds),
                f"{row.cpu_ms:.2f}",
                f"{row.megabytes:.0f}",
            )
        )
    return table(lines)


def refusals(refused: Sequence[Refused]) -> str:
    return "\n".join(f"not here: {entry.variant}: {entry.reason}" for entry in refused)


def environment(best: WorkersRow, batch: int | None) -> str:
    """The settings as lines of an environment file; what makes no difference is left out."""
    lines: dict[str, object] = {
        "MIEN_INFERENCE__DEVICE": best.variant.device,
        "MIEN_INFERENCE__PRECISION": best.variant.precision,
        "MIEN_WORKERS": best.workers,
    }
    if best.variant.on_cpu:
        lines["MIEN_INFERENCE__THREADS"] = best.variant.threads
    if batch is not None:
        lines["MIEN_INFERENCE__MAX_BATCH"] = batch
    return "".join(f"{name}={value}\n" for name, value in lines.items())


def table(lines: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest entry; all but the first two to the right."""
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join(
        "  ".join(
            entry.ljust(width) if i < 2 else entry.rjust(width)
            for i, (entry, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _interval(sample: Sample, form: str) -> str:
    low, high = form.format(sample.low), form.format(sample.high)
    return f"{form.format(sample.median)} ({low} to {high})"


def _gain(sample: Sample, reference: Sample) -> str:
    if sample is reference:
        return "1.00"
    noise = "" if sample.clearly_less(reference) or reference.clearly_less(sample) else "~"
    return f"{noise}{reference.median / sample.median:.2f}"
