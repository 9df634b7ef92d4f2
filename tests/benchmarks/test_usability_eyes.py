"""Shares of eyes called measurable, on made-up answers."""

from benchmarks.usability_eyes import SeenEye, table


def test_shares_by_limit() -> None:
    eyes = [
        SeenEye(True, 0.95, True, "none", 0.02),
        SeenEye(True, 0.75, True, "clear", 0.10),
        SeenEye(True, 0.95, False, "none", 0.50),
        SeenEye(False, 0.86, True, "sun", 0.30),
        SeenEye(False, 0.10, True, "none", 0.30),
    ]
    rows = {line.split("|")[1].strip(): line for line in table(eyes)}
    assert "| 50.0% (9.5 to 90.5), n 2 | 100.0%" in rows["0.5"]
    assert rows["0.5"].endswith(
        "| 66.7% (20.8 to 93.9), n 3 | 100.0% (20.7 to 100.0), n 1 | 0.060 |"
    )
    assert rows["0.85 (now)"].endswith(
        "| 33.3% (6.1 to 79.2), n 3 | 0.0% (0.0 to 79.3), n 1 | 0.020 |"
    )
    assert "| 0.0%" in rows["0.9"]
