"""Do onnxruntime and the installed CUDA libraries belong together? Run when the GPU image is built.

No GPU and no driver are needed for that: libraries say their versions without one. Whether the
driver of the machine is new enough is seen when the service starts, which then says so.
"""

import ctypes
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import onnxruntime

PACKAGES = Path(onnxruntime.__file__).parents[1]
PROVIDER = PACKAGES / "onnxruntime" / "capi" / "libonnxruntime_providers_cuda.so"
DRIVER = "libcuda.so.1"
"""Comes from the machine that runs the image."""

Version = tuple[int, int]


def main() -> int:
    major, minor = onnxruntime.cuda_version.split(".")[:2]
    # The way by which the service finds them; what it does not find it prints.
    onnxruntime.preload_dlls()
    versions = (int(major), int(minor)), _of_runtime(major), _of_cudnn()
    found = faults(*versions, unresolved(_linked()))
    for fault in found:
        print(f"onnxruntime {onnxruntime.__version__}: {fault}", file=sys.stderr)
    print("CUDA wanted, installed, cuDNN's:", *map(_text, versions))
    return 1 if found else 0


def faults(
    wanted: Version, runtime: Version, cudnn: Version, missing: Sequence[str] = ()
) -> list[str]:
    """Why they do not belong together; nothing when they do.

    wanted: the CUDA that onnxruntime was built for. runtime: that of the installed runtime library.
    cudnn: the one that cuDNN was built for. missing: libraries.
    """
    found = [f"it is linked with what is not there: {line}" for line in missing]
    if runtime[0] != wanted[0] or runtime < wanted:
        found.append(f"it needs CUDA {wanted[0]}, at least {_text(wanted)}, not {_text(runtime)}")
    if cudnn[0] != wanted[0]:
        found.append(f"it needs a cuDNN for CUDA {wanted[0]}, not for {_text(cudnn)}")
    return found


def unresolved(lines: Iterable[str]) -> list[str]:
    """Of what `ldd` says: libraries that are not there, but for the driver's."""
    stripped = [line.strip() for line in lines]
    return [line for line in stripped if "not found" in line and not line.startswith(DRIVER)]


def _linked() -> list[str]:
    folders = sorted({str(path.parent) for path in PACKAGES.glob("nvidia/**/*.so*")})
    environment = os.environ | {"LD_LIBRARY_PATH": os.pathsep.join(folders)}
    command = ["ldd", str(PROVIDER)]
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return [*said.stdout.splitlines(), *said.stderr.splitlines()]


def _of_runtime(major: str) -> Version:
    number = ctypes.c_int()
    status = ctypes.CDLL(f"libcudart.so.{major}").cudaRuntimeGetVersion(ctypes.byref(number))
    if status != 0:
        raise RuntimeError(f"cudaRuntimeGetVersion failed with {status}")
    return _version(number.value)


def _of_cudnn() -> Version:
    ask = ctypes.CDLL("libcudnn.so.9").cudnnGetCudartVersion
    ask.restype = ctypes.c_size_t
    return _version(int(ask()))


def _version(number: int) -> Version:
    """NVIDIA's 13050 is 13.5."""
    return number // 1000, number % 1000 // 10


def _text(version: Version) -> str:
    return f"{version[0]}.{version[1]}"


if __name__ == "__main__":
    sys.exit(main())
