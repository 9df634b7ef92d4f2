"""What the types of the query parameters refuse by themselves."""

import pytest
from pydantic import ValidationError

from app.options import Query


@pytest.mark.parametrize("focal", [1e-307, 0.0, 0.99, -500.0, 1e7])
@pytest.mark.parametrize("name", ["fx", "fy"])
def test_a_focal_length_no_camera_has_is_refused(name: str, focal: float) -> None:
    with pytest.raises(ValidationError, match=name):
        Query.model_validate({name: focal})


def test_focal_lengths_of_cameras_are_taken() -> None:
    assert Query.model_validate({"fx": 1.0, "fy": 1e6}).fy == 1e6
