"""Where one recipe keeps what its commands hand on to each other."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Workspace:
    """Folders of one recipe below `runs`: prepared faces -> fit -> export -> evaluation ->
    `models/<name>`. limit: pictures of each set that are prepared at most, None for all.
    """

    runs: Path
    models: Path
    name: str
    limit: int | None = None

    @property
    def prepared(self) -> Path:
        return self.runs / self.name / "prepared"

    @property
    def fit(self) -> Path:
        return self.runs / self.name / "fit"

    @property
    def export(self) -> Path:
        return self.runs / self.name / "export"

    @property
    def onnx(self) -> Path:
        return self.export / "model.onnx"

    @property
    def int8(self) -> Path:
        """The same network in cheaper arithmetic; not there where it was not worth it."""
        return self.export / "model.int8.onnx"

    def evaluation(self, test_set: str) -> Path:
        return self.runs / self.name / "evaluation" / test_set

    @property
    def model(self) -> Path:
        """The folder that the service reads."""
        return self.models / self.name

    def require(self, path: Path, command: str) -> Path:
        """`path`, or FileNotFoundError that says which command makes it."""
        if not path.exists():
            raise FileNotFoundError(
                f"{path} is missing: run `python -m training {command} --recipe {self.name}` first"
            )
        return path
