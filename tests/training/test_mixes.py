"""The comparison of training mixes: shares that add up, and a table that finds its numbers."""

from typing import Any

import pytest

from training.mixes import MIXES, table


def rows(nme: float) -> list[dict[str, Any]]:
    def row(test_set: str, name: str, value: float, part: str = "all") -> dict[str, Any]:
        protocol = f"{test_set}, labelled box"
        interval = [value - 1, value + 1]
        return {
            "name": name,
            "value": value,
            "slice": part,
            "protocol": protocol,
            "interval95": interval,
        }

    return [
        row("w300", "nme_inter_ocular", nme),
        row("w300", "nme_inter_ocular", 99.0, "|yaw| 0-15"),
        row("dlib_examples", "nme_inter_ocular", nme + 1),
        row("pointing04", "yaw_mae_pnp", 10.0),
        row("pointing04", "yaw_mae_pnp", 11.0, "|yaw| 0-30"),
        row("pointing04", "yaw_mae_pnp", 12.0, "|yaw| 30-60"),
        row("pointing04", "yaw_mae_pnp", 13.0, "|yaw| 60-90"),
        row("pointing04", "pitch_mae_pnp", 14.0),
    ]


def test_shares_add_up_to_one() -> None:
    for name, shares in MIXES.items():
        assert sum(shares.values()) == pytest.approx(1.0), name


def test_the_table_has_a_row_a_mix_and_an_interval_for_each_number() -> None:
    lines = table({"first": rows(4.0), "second": rows(6.0)}).splitlines()
    assert len(lines) == 4
    assert len({line.count("|") for line in lines}) == 1
    assert lines[2].startswith("| first | 4.00 [3.00, 5.00] | 5.00 [4.00, 6.00] | 10.00 ")
    assert "99.00" not in lines[2]
    assert lines[3].endswith("| 13.00 [12.00, 14.00] | 14.00 [13.00, 15.00] |")


def test_a_number_that_was_not_measured_is_missed() -> None:
    with pytest.raises(ValueError, match="pitch_mae_pnp of pointing04"):
        table({"first": rows(4.0)[:-1]})
