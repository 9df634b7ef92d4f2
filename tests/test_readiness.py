"""Why the service is not ready, as everybody may know it."""

from pathlib import Path

import pytest

from app.errors import NotReady
from app.readiness import Readiness, without_folders


def test_ready_when_it_has_a_value_and_the_service_is_open() -> None:
    opened = False
    readiness = Readiness[str]("loading", lambda: opened)
    with pytest.raises(NotReady, match="loading"):
        readiness.get()
    readiness.set_ready("analyzer")
    with pytest.raises(NotReady, match="Other workers"):
        readiness.get()
    assert readiness.value == "analyzer"
    opened = True
    assert readiness.get() == "analyzer"
    readiness.set_unready("shutting down")
    with pytest.raises(NotReady, match="shutting down"):
        readiness.get()


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
