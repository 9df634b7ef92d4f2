"""Rows of numbers that outlive their writer."""

import logging
import mmap
import os

import pytest

from app.processes.ledger import Ledger


def test_what_one_writes_another_reads() -> None:
    memory = memoryview(bytearray(4096))
    writer, reader = Ledger(memory), Ledger(memory)
    writer.row(("requests", "/pose", "200"), 1)[0] += 2
    writer.row(("seconds", "é"), 3)[2] = 0.25
    writer.row(("plain",), 1)
    expected = {
        ("requests", "/pose", "200"): [2.0],
        ("seconds", "é"): [0.0, 0.0, 0.25],
        ("plain",): [0.0],
    }
    assert reader.read() == writer.read() == expected
    assert Ledger(memory).read() == expected


def test_a_successor_goes_on() -> None:
    memory = memoryview(bytearray(4096))
    Ledger(memory).row(("a",), 2)[1] = 5.0
    successor = Ledger(memory)
    successor.row(("b",), 1)[0] = 1.0
    successor.row(("a",), 2)[1] += 1.0
    assert successor.read() == {("a",): [0.0, 6.0], ("b",): [1.0]}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_shared_memory_is_seen_by_the_parent() -> None:
    memory = memoryview(mmap.mmap(-1, 4096))
    child = os.fork()
    if child == 0:
        Ledger(memory).row(("from", "child"), 1)[0] = 7.0
        os._exit(0)
    os.waitpid(child, 0)
    assert Ledger(memory).read() == {("from", "child"): [7.0]}


def test_a_full_ledger_says_so_and_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    ledger = Ledger(memoryview(bytearray(64)))
    ledger.row(("first",), 2)[0] = 1.0
    row = ledger.row(("second",), 4)
    row[3] += 1.0
    assert ledger.row(("second",), 4)[3] == 1.0
    assert ledger.read() == {("first",): [1.0, 0.0]}
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "second" in record.getMessage()
