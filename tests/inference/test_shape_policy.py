"""The batch sizes a session meets, by hand-written cases and for all totals."""

import pytest

from app.inference.shape_policy import Fill, Run, ShapePolicy


def test_a_cpu_gets_exact_sizes() -> None:
    policy = ShapePolicy((1, 4, 8), "exact")
    assert list(policy.runs(3)) == [Run(0, 3, 3)]
    assert list(policy.runs(19)) == [Run(0, 8, 8), Run(8, 8, 8), Run(16, 3, 3)]


def test_a_gpu_gets_declared_sizes() -> None:
    policy = ShapePolicy((1, 4, 8), "pad")
    assert list(policy.runs(1)) == [Run(0, 1, 1)]
    assert list(policy.runs(13)) == [Run(0, 8, 8), Run(8, 5, 8)]
    assert list(policy.runs(10)) == [Run(0, 8, 8), Run(8, 2, 4)]


def test_what_is_compiled_for_each_shape_gets_declared_sizes_without_padding() -> None:
    policy = ShapePolicy((1, 4, 8), "split")
    assert list(policy.runs(6)) == [Run(0, 4, 4), Run(4, 1, 1), Run(5, 1, 1)]
    assert list(policy.runs(12)) == [Run(0, 8, 8), Run(8, 4, 4)]
    # Only what is smaller than the smallest size is filled up.
    assert list(ShapePolicy((2, 4), "split").runs(7)) == [Run(0, 4, 4), Run(4, 2, 2), Run(6, 1, 2)]


@pytest.mark.parametrize("fill", ["exact", "pad", "split"])
@pytest.mark.parametrize("sizes", [(1,), (3,), (1, 2, 4, 8, 16), (2, 7)])
def test_every_item_is_in_exactly_one_run(sizes: tuple[int, ...], fill: Fill) -> None:
    policy = ShapePolicy(sizes, fill)
    for total in range(60):
        runs = policy.runs(total)
        covered = [i for run in runs for i in range(run.start, run.start + run.count)]
        assert covered == list(range(total))
        assert all(1 <= run.count <= run.size <= policy.largest for run in runs)
        assert fill == "exact" or all(run.size in sizes for run in runs)


@pytest.mark.parametrize("sizes", [(), (0, 1), (2, 1), (1, 1)])
def test_senseless_sizes_are_refused(sizes: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="ascending"):
        ShapePolicy(sizes, "pad")
