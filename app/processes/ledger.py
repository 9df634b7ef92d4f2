"""Named rows of numbers in a stretch of memory that several processes see.

One process writes, all may read. A row that was begun stays where it is, so nobody needs a lock,
and adding to one costs a fraction of a microsecond. Who takes the place of a writer that died goes
on with its rows: what was counted is not lost.
"""

import logging
import struct
from array import array
from collections.abc import Iterator

LEDGER_BYTES = 128 * 1024
"""Room for some 500 histograms. Memory that is never touched costs nothing."""

Name = tuple[str, ...]

_HEAD = struct.Struct("=II")  # bytes of the name, numbers in the row
_WORD = 8
_LONGEST_NAME = 400  # bytes
_SEPARATOR = "\x1f"


class Ledger:
    """The rows in `memory`, whose length is a multiple of eight bytes; zeros are an empty ledger.

    The memory begins with the number of bytes in use. Each row is its two lengths, its name filled
    up to whole words, and its numbers (float64).
    """

    def __init__(self, memory: memoryview) -> None:
        self._bytes = memory.cast("B")
        self._numbers = self._bytes.cast("d")
        self._used = self._bytes.cast("Q")
        if self._used[0] == 0:
            self._used[0] = _WORD
        self._rows = dict(self._written())

    def row(self, name: Name, width: int) -> "memoryview[float]":
        """The numbers of that name, zeros at first; whoever asks is the ledger's one writer.

        When the ledger is full the numbers are real but nobody else sees them; the log says so.
        """
        found = self._rows.get(name)
        if found is None:
            self._rows[name] = found = self._begin(name, width)
        return found

    def read(self) -> dict[Name, list[float]]:
        """All rows as they are now, whoever writes them."""
        return {name: list(numbers) for name, numbers in self._written()}

    def _begin(self, name: Name, width: int) -> "memoryview[float]":
        key = _SEPARATOR.join(name).encode()[:_LONGEST_NAME]
        start = self._used[0]
        numbers = start + _HEAD.size + -(-len(key) // _WORD) * _WORD
        end = numbers + width * _WORD
        if end > len(self._bytes):
            logging.getLogger("mien.metrics").warning(
                "the ledger of %d bytes is full; %s is not shown in /metrics",
                len(self._bytes),
                " ".join(name),
            )
            return memoryview(array("d", [0.0]) * width)
        _HEAD.pack_into(self._bytes, start, len(key), width)
        self._bytes[start + _HEAD.size : start + _HEAD.size + len(key)] = key
        self._used[0] = end  # last: from now on readers see the row
        return self._numbers[numbers // _WORD : end // _WORD]

    def _written(self) -> Iterator[tuple[Name, "memoryview[float]"]]:
        start, used = _WORD, self._used[0]
        while start < used:
            length, width = _HEAD.unpack_from(self._bytes, start)
            key = bytes(self._bytes[start + _HEAD.size : start + _HEAD.size + length])
            numbers = start + _HEAD.size + -(-length // _WORD) * _WORD
            start = numbers + width * _WORD
            name = tuple(key.decode(errors="replace").split(_SEPARATOR))
            yield name, self._numbers[numbers // _WORD : start // _WORD]
