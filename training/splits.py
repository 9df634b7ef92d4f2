"""Splitting by who is shown, never by frame."""

import hashlib

from training.samples import Split


def bucket(name: str, buckets: int) -> int:
    """A number in [0, buckets) that depends on the name alone, evenly spread."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % buckets


def validation_by_subject(subject: str, one_in: int) -> Split:
    """ "validation" for about one subject in `one_in`, else "train"; depends on the name alone."""
    return "validation" if bucket(subject, one_in) == 0 else "train"
