"""Each scheme against hand-made faces and against itself."""

import numpy as np
import pytest

from app.face.landmarks import NAMED, SCHEMES, LandmarkScheme, scheme

COUNTS = {"ibug-68": 68, "muct-76": 76, "aflw-21": 21, "five": 5}
every_scheme = pytest.mark.parametrize("entry", SCHEMES.values(), ids=lambda entry: entry.name)


def test_the_four_schemes() -> None:
    assert {name: len(entry) for name, entry in SCHEMES.items()} == COUNTS
    assert all(scheme(name).name == name for name in COUNTS)


def test_unknown_scheme_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"ibug-68.*aflw-21.*Received: 'dlib'"):
        scheme("dlib")


@every_scheme
def test_names_are_distinct(entry: LandmarkScheme) -> None:
    assert len(set(entry.names)) == len(entry)


@every_scheme
def test_every_index_exists_and_every_point_has_one_part(entry: LandmarkScheme) -> None:
    assert sorted(index for part in entry.parts.values() for index in part) == list(
        range(len(entry))
    )
    assert all(0 <= i < len(entry) and 0 <= j < len(entry) and i != j for i, j in entry.edges)
    assert set(entry.places) == set(NAMED)


@every_scheme
def test_flip_is_an_involution_and_swaps_left_and_right_in_the_names(entry: LandmarkScheme) -> None:
    assert [entry.flip[partner] for partner in entry.flip] == list(range(len(entry)))
    swap = {"left": "right", "right": "left"}
    for name, partner in zip(entry.names, entry.flip, strict=True):
        assert entry.names[partner] == "_".join(swap.get(word, word) for word in name.split("_"))


@every_scheme
def test_flip_keeps_edges_normaliser_and_parts(entry: LandmarkScheme) -> None:
    edges = {frozenset(edge) for edge in entry.edges}
    assert {frozenset((entry.flip[i], entry.flip[j])) for i, j in entry.edges} == edges
    assert len(edges) == len(entry.edges)
    right, left = entry.normaliser
    assert {entry.flip[i] for i in right} == set(left)
    parts = {frozenset(part) for part in entry.parts.values()}
    assert {frozenset(entry.flip[i] for i in part) for part in parts} == parts


@every_scheme
def test_mirror(entry: LandmarkScheme) -> None:
    points = np.random.default_rng(1).uniform(0, 100, (2, len(entry), 2))
    mirrored = entry.mirror(points, 101)
    np.testing.assert_allclose(entry.mirror(mirrored, 101), points, atol=1e-9)
    for index, partner in enumerate(entry.flip):
        np.testing.assert_allclose(mirrored[:, index, 0], 100 - points[:, partner, 0])
        np.testing.assert_allclose(mirrored[:, index, 1], points[:, partner, 1])
    np.testing.assert_allclose(entry.nme_distance(mirrored), entry.nme_distance(points))
    before, after = entry.named(points[0]), entry.named(mirrored[0])
    np.testing.assert_allclose(after["left_eye"], (100, 0) + before["right_eye"] * (-1, 1))
    np.testing.assert_allclose(after["mouth_left"], (100, 0) + before["mouth_right"] * (-1, 1))


@every_scheme
def test_wrong_shapes_are_refused(entry: LandmarkScheme) -> None:
    with pytest.raises(ValueError, match=entry.name):
        entry.named(np.zeros((len(entry) + 1, 2)))


def test_ibug_places_of_a_face_drawn_by_hand() -> None:
    points = np.zeros((68, 2))
    points[36:42] = [(10, 20), (13, 18), (17, 18), (20, 20), (17, 22), (13, 22)]
    points[42:48] = [(40, 20), (43, 18), (47, 18), (50, 20), (47, 22), (43, 22)]
    points[30], points[48], points[54] = (30, 35), (18, 50), (42, 50)
    named = scheme("ibug-68").named(points)
    assert {name: place.tolist() for name, place in named.items()} == {
        "right_eye": [15, 20],
        "left_eye": [45, 20],
        "nose_tip": [30, 35],
        "mouth_right": [18, 50],
        "mouth_left": [42, 50],
    }
    assert scheme("ibug-68").nme_distance(points) == 40  # outer eye corners


@pytest.mark.parametrize(
    ("name", "places"),
    [
        ("muct-76", {"right_eye": 31, "left_eye": 36, "nose_tip": 67, "chin": 7}),
        ("aflw-21", {"right_eye": 7, "left_eye": 10, "nose_tip": 14, "chin": 20}),
        ("five", {"right_eye": 0, "left_eye": 1, "nose_tip": 2, "mouth_right": 3, "mouth_left": 4}),
    ],
)
def test_places_of_the_other_schemes(name: str, places: dict[str, int]) -> None:
    entry = scheme(name)
    points = np.arange(2.0 * len(entry)).reshape(-1, 2)
    for place, index in places.items():
        if place in NAMED:
            assert entry.named(points)[place].tolist() == points[index].tolist()
        else:
            assert entry.names[index] == place
    eyes = points[[places["right_eye"], places["left_eye"]]]
    assert entry.nme_distance(points) == pytest.approx(np.linalg.norm(eyes[0] - eyes[1]))
