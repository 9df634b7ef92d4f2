"""Why the service is not ready, as everybody may know it."""

from pathlib import Path

import pytest

from app.readiness import without_folders


@pytest.mark.parametrize(
    ("reason", "public"),
    [
        ("/srv/my models/detector/card.json is bad.", "detector/card.json is bad."),
        ("Restore the folder /srv/my models/self-test.", "Restore the folder /self-test."),
        ("landmarks: cannot load '/opt/x/a/model.onnx'.", "landmarks: cannot load 'a/model.onnx'."),
        ("5 and/or 6 px; see `python -m app`.", "5 and/or 6 px; see `python -m app`."),
    ],
)
def test_folders_are_left_out(reason: str, public: str) -> None:
    assert without_folders(reason, Path("/srv/my models")) == public
