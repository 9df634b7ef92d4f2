"""Versions and missing libraries, as the check of the GPU image judges them."""

import pytest

from docker.cuda_pairing import Version, faults, unresolved

WANTED = (13, 0)
LDD = """\
\tlinux-vdso.so.1 (0x00007ffd1b5f2000)
\tlibcublas.so.13 => /opt/libcublas.so.13 (0x00007f1b2c000000)
\tlibcuda.so.1 => not found
"""


@pytest.mark.parametrize("runtime", [(13, 0), (13, 5)])
def test_a_runtime_of_the_same_generation_fits(runtime: Version) -> None:
    assert faults(WANTED, runtime, (13, 5)) == []


@pytest.mark.parametrize("runtime", [(12, 9), (14, 0)])
def test_another_generation_does_not(runtime: Version) -> None:
    (fault,) = faults(WANTED, runtime, (13, 0))
    assert "13.0" in fault
    assert f"{runtime[0]}.{runtime[1]}" in fault


def test_an_older_runtime_does_not() -> None:
    assert len(faults((13, 2), (13, 1), (13, 0))) == 1


def test_cudnn_of_another_generation_does_not() -> None:
    (fault,) = faults(WANTED, (13, 0), (12, 9))
    assert "cuDNN" in fault


def test_only_the_driver_may_be_missing() -> None:
    assert unresolved(LDD.splitlines()) == []
    (line,) = unresolved([*LDD.splitlines(), "\tlibcurand.so.10 => not found"])
    assert len(faults(WANTED, (13, 0), (13, 0), [line])) == 1
