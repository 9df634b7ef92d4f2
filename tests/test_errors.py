"""The error tree against the table of the HTTP contract (written out by hand here)."""

import pytest

from app import errors
from app.errors import InternalError, MienError, Overloaded

CONTRACT = {
    "body-too-large": 413,
    "unsupported-media-type": 415,
    "image-undecodable": 422,
    "image-too-many-pixels": 422,
    "too-many-images": 422,
    "invalid-parameter": 422,
    "no-face": 422,
    "unknown-model": 404,
    "request-timeout": 408,
    "not-found": 404,
    "method-not-allowed": 405,
    "overloaded": 503,
    "not-ready": 503,
    "deadline-exceeded": 504,
    "internal": 500,
}
CLASSES = [
    kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, MienError) and not name.startswith("_")
]


def test_each_code_has_one_class_with_its_status() -> None:
    leaves = [kind for kind in CLASSES if kind is not MienError]
    assert {kind.code: kind.status for kind in leaves} == CONTRACT
    assert len(leaves) == len(CONTRACT)


@pytest.mark.parametrize("kind", CLASSES)
def test_a_problem_holds_the_members_of_rfc_9457(kind: type[MienError]) -> None:
    problem = kind("It was too long. Make it shorter.").problem("request-1")
    assert problem["type"] == f"urn:mien:problem:{kind.code}"
    assert problem["title"] == kind.title
    assert problem["status"] == kind.status
    assert problem["instance"] == "request-1"
    assert problem["detail"]
    assert "errors" not in problem


def test_several_faults_are_listed() -> None:
    error = errors.InvalidParameter(
        "Two faults.", errors=[{"parameter": "fx"}, {"parameter": "fy"}]
    )
    assert error.problem()["errors"] == [{"parameter": "fx"}, {"parameter": "fy"}]
    assert "instance" not in error.problem()


def test_what_passes_by_itself_says_when_to_come_back() -> None:
    assert Overloaded("Busy.", retry_after=7).headers == {"Retry-After": "7"}
    assert errors.NotReady("Loading.").headers == {"Retry-After": "1"}
    assert errors.NoFace("None.").headers == {}


def test_an_internal_error_keeps_its_reason_from_the_caller() -> None:
    error = InternalError("secret path")
    assert str(error) == error.reason == "secret path"
    assert "secret" not in str(error.problem())
