"""What people wear, hold and are hidden by, on a made-up head."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.training.made_up_head import made_up_head
from training.synthetic.appearance import sample_appearance
from training.synthetic.coverings import MASKS, mask, scarf, seat_belt
from training.synthetic.facekit import EYEBALLS, FaceKit, Part
from training.synthetic.glasses import CUTS, glasses, sample_spectacles
from training.synthetic.headform import HeadForm, HeadForms
from training.synthetic.headwear import HEADWEAR, headwear
from training.synthetic.infrared import infrared_look, infrared_props
from training.synthetic.objects import OBJECTS, thing
from training.synthetic.obstacles import OBSTACLES, obstacle
from training.synthetic.outfit import Chances, Outfit, sample_obstacles, sample_outfit
from training.synthetic.props import Prop

# Landmarks of ibug-68.
NOSE_TIP, CHIN = 30, 8
BROWS, EYES, MOUTH = slice(17, 27), slice(36, 48), slice(48, 68)


@pytest.fixture(scope="module")
def kit() -> FaceKit:
    return made_up_head()


@pytest.fixture(scope="module")
def form(kit: FaceKit) -> HeadForm:
    return HeadForms(kit).of(kit.mean.astype(np.float64))


def _check(props: tuple[Prop, ...]) -> None:
    """Finite, indexed rightly, with an area and colours that exist."""
    assert props
    for one in props:
        vertices, triangles = one.vertices_in_head, one.triangles
        assert vertices.dtype == np.float64
        assert triangles.dtype == np.int32
        assert vertices.shape == one.colour.shape
        assert np.isfinite(vertices).all(), one.name
        assert np.isfinite(one.colour).all(), one.name
        assert one.colour.min() >= 0.0, one.name
        assert one.colour.max() <= 1.6, one.name
        assert 0.0 <= one.opacity <= 1.0
        assert triangles.min() >= 0
        assert triangles.max() < len(vertices)
        corners = vertices[triangles]
        areas = np.linalg.norm(
            np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
        )
        assert np.mean(areas > 1e-6) > 0.8, one.name
        assert np.ptp(vertices, axis=0).max() > 2.0, one.name


def _points(props: tuple[Prop, ...], name: str) -> NDArray[np.float64]:
    return np.concatenate([one.vertices_in_head for one in props if one.name == name])


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("cut", CUTS)
def test_glasses_stand_before_the_eyes(form: HeadForm, kit: FaceKit, cut: str, dark: bool) -> None:
    rng = np.random.default_rng(3)
    pair = replace(sample_spectacles(rng, dark), cut=cut)
    props = glasses(form, pair, rng)

    _check(props)
    kind = "sunglasses" if dark else "glasses"
    lenses = [one for one in props if one.name == f"{kind}.lens"]
    assert len(lenses) == 2
    for lens, part in zip(lenses, (Part.EYE_RIGHT, Part.EYE_LEFT), strict=True):
        eye = kit.mean[EYEBALLS[part]]
        pupil = eye[eye[:, 2].argmin()]
        outline = lens.vertices_in_head
        assert outline[:, 0].min() < pupil[0] < outline[:, 0].max()
        assert outline[:, 1].min() < pupil[1] < outline[:, 1].max()
        gap = pupil[2] - outline[0, 2]  # the first vertex is the middle of the lens
        assert 5.0 < gap < 40.0
        # Clear glass hides nothing, sunglasses do.
        assert (lens.opacity > 0.5) == dark


def test_temples_reach_the_ears(form: HeadForm) -> None:
    rng = np.random.default_rng(5)
    frame = _points(glasses(form, sample_spectacles(rng, False), rng), "glasses.frame")

    for mark, side in ((0, -1.0), (16, 1.0)):
        ear = form.landmarks[mark]
        beside = frame[frame[:, 0] * side > 0]
        nearest = np.linalg.norm(beside - ear, axis=1).min()
        assert nearest < 12.0
        assert beside[:, 2].max() > ear[2] + 20.0  # and go on behind it


@pytest.mark.parametrize("kind", HEADWEAR)
def test_headwear_leaves_the_face_free(form: HeadForm, kind: str) -> None:
    for seed in range(6):
        props = headwear(form, kind, np.random.default_rng(seed))  # type: ignore[arg-type]
        _check(props)
        # Nothing before the eyes, nose or mouth but a strap at the chin.
        for one in props:
            if "strap" in one.name or "brim" in one.name:
                continue
            points = one.vertices_in_head
            for mark in (37, 44, NOSE_TIP, 51):
                spot = form.landmarks[mark]
                near = np.hypot(points[:, 0] - spot[0], points[:, 1] - spot[1]) < 8.0
                assert not (points[near, 2] < spot[2]).any(), (one.name, seed)


@pytest.mark.parametrize("kind", ["cap", "beanie", "hat", "helmet", "turban"])
def test_caps_sit_on_the_skull_above_the_brows(form: HeadForm, kind: str) -> None:
    props = headwear(form, kind, np.random.default_rng(1))  # type: ignore[arg-type]
    points = props[0].vertices_in_head
    front = points[(points[:, 2] < form.centre[2] - 40.0) & (np.abs(points[:, 0]) < 25.0)]

    assert front[:, 1].max() < form.landmarks[BROWS, 1].min() + 4.0  # y points down
    # An ellipsoid of 75 x 110 x 100 mm: the crown lies outside it and within 60 mm of its top.
    outside = np.sqrt(((points / (75.0, 110.0, 100.0)) ** 2).sum(axis=1))
    assert np.mean(outside > 1.0) > 0.85
    assert -190.0 < points[:, 1].min() < -105.0


@pytest.mark.parametrize("kind", MASKS)
@pytest.mark.parametrize("jaw", [0.0, 1.0])
def test_masks_cover_nose_and_mouth_but_not_the_eyes(kind: str, jaw: float) -> None:
    kit = made_up_head()
    head = kit.mean + np.float32(jaw) * kit.expression[0]
    form = HeadForms(kit).of(head.astype(np.float64))
    for seed in range(5):
        props = mask(form, kind, np.random.default_rng(seed))  # type: ignore[arg-type]
        _check(props)
        cloth = props[0].vertices_in_head
        middle = cloth[np.abs(cloth[:, 0]) < 8.0]
        assert middle[:, 1].min() < form.landmarks[NOSE_TIP, 1] - 1.0
        assert middle[:, 1].max() > form.landmarks[CHIN, 1]
        assert cloth[:, 1].min() > form.landmarks[EYES, 1].max()
        for mark in (NOSE_TIP, 51, 57, 62):
            spot = form.landmarks[mark]
            near = cloth[np.hypot(cloth[:, 0] - spot[0], cloth[:, 1] - spot[1]) < 9.0]
            assert near[:, 2].min() < spot[2] - 0.5
            assert near[:, 2].min() > spot[2] - 40.0


def test_scarves_and_belts_stay_below_the_nose(form: HeadForm) -> None:
    for seed in range(8):
        rng = np.random.default_rng(seed)
        for props in (scarf(form, rng), seat_belt(sample_appearance(rng), rng)):
            _check(props)
            lowest = form.landmarks[NOSE_TIP, 1]
            assert all(one.vertices_in_head[:, 1].min() > lowest for one in props)


@pytest.mark.parametrize("kind", OBJECTS)
def test_objects_are_near_the_head_and_not_within(form: HeadForm, kind: str) -> None:
    look = sample_appearance(np.random.default_rng(0))
    for seed in range(8):
        props = thing(form, kind, look, np.random.default_rng(seed))  # type: ignore[arg-type]
        _check(props)
        for one in props:
            distance = np.linalg.norm(one.vertices_in_head - form.centre, axis=1)
            assert distance.min() < 330.0
            inside = ((one.vertices_in_head / (75.0, 110.0, 100.0)) ** 2).sum(axis=1) < 0.8
            assert inside.mean() < 0.25, (one.name, seed)


@pytest.mark.parametrize("kind", OBSTACLES)
def test_obstacles_stand_between_camera_and_face(kind: str) -> None:
    face = np.array([40.0, -20.0, 700.0])
    for seed in range(6):
        props = obstacle(kind, face, np.random.default_rng(seed))  # type: ignore[arg-type]
        _check(props)
        assert all(one.frame == "camera" for one in props)
        depth = props[0].vertices_in_head[:, 2]
        assert depth.min() > 100.0
        assert depth.max() < 680.0


def test_wider_heads_get_wider_things(kit: FaceKit) -> None:
    forms = HeadForms(kit)
    usual = forms.of(kit.mean.astype(np.float64))
    wide = forms.of((kit.mean + 2.0 * kit.identity[0]).astype(np.float64))

    for kind in ("cap", "beanie"):
        narrow_cap = headwear(usual, kind, np.random.default_rng(1))[0]
        wide_cap = headwear(wide, kind, np.random.default_rng(1))[0]
        ratio = np.ptp(wide_cap.vertices_in_head[:, 0]) / np.ptp(narrow_cap.vertices_in_head[:, 0])
        assert ratio == pytest.approx(1.1, abs=0.03)


def _outfits(form: HeadForm, count: int, chances: Chances | None = None) -> list[Outfit]:
    return [
        sample_outfit(rng, form, sample_appearance(rng), infrared=seed % 10 == 0, chances=chances)
        for seed in range(count)
        for rng in [np.random.default_rng(seed)]
    ]


def test_two_hundred_people_show_every_kind(form: HeadForm) -> None:
    outfits = _outfits(form, 200)

    glasses_worn = Counter(outfit.glasses for outfit in outfits)
    assert set(glasses_worn) == {"none", "clear", "sun"}
    assert 100 < glasses_worn["none"] < 170
    assert 130 < sum(outfit.headwear == "none" for outfit in outfits) < 180
    dressed = _outfits(form, 200, Chances(headwear=0.6, thing=0.6))
    assert {outfit.headwear for outfit in dressed} == {"none", *HEADWEAR}
    assert {one.kind for outfit in dressed for one in outfit.props} >= set(OBJECTS)
    assert {outfit.mask for outfit in outfits} == {"none", *MASKS}
    kinds = {one.kind for outfit in outfits for one in outfit.props}
    assert {"hand", "phone", "cup", "scarf", "belt", "hair", "card", "blob", "strands"} <= kinds
    for outfit in outfits:
        if outfit.props:
            _check(outfit.props)
        if outfit.headwear in {"hijab", "headscarf"}:
            assert outfit.look.style == "bald"  # no hair pokes through the cloth


def test_obstacles_are_rare() -> None:
    rng = np.random.default_rng(1)
    face = np.array([0.0, 0.0, 600.0])
    found = [sample_obstacles(rng, face) for _ in range(400)]
    assert 3 < sum(bool(props) for props in found) < 40
    certain = Chances(obstacle=1.0)
    seen = {sample_obstacles(rng, face, certain)[0].name for _ in range(60)}
    assert seen == {f"obstacle.{kind}" for kind in OBSTACLES}


def _dressed(form: HeadForm, seed: int) -> tuple[Prop, ...]:
    rng = np.random.default_rng(seed)
    return sample_outfit(rng, form, sample_appearance(rng)).props


def test_the_same_generator_state_dresses_the_same_person(form: HeadForm) -> None:
    first, second = _dressed(form, 12), _dressed(form, 12)

    assert first
    assert [one.name for one in first] == [one.name for one in second]
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.vertices_in_head, other.vertices_in_head)
        np.testing.assert_array_equal(one.colour, other.colour)


def test_infrared_is_grey_and_brings_tones_together(form: HeadForm) -> None:
    rng = np.random.default_rng(2)
    light, dark = (sample_appearance(rng, tone) for tone in (0.0, 1.0))
    seen_light, seen_dark = infrared_look(light, rng), infrared_look(dark, rng)

    for colour in (seen_light.skin, seen_light.lips, seen_dark.hair, seen_dark.iris):
        assert np.ptp(colour) == 0.0
    assert seen_light.skin[0] / seen_dark.skin[0] < 0.3 * light.skin[1] / dark.skin[1]
    worn = headwear(form, "cap", rng) + glasses(form, sample_spectacles(rng, True), rng)
    for one in infrared_props(worn, rng):
        assert np.ptp(one.colour, axis=1).max() == 0.0


@pytest.mark.parametrize("make", [headwear, mask])
def test_unknown_kinds_are_refused_by_name(form: HeadForm, make: object) -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="sombrero"):
        make(form, "sombrero", rng)  # type: ignore[operator]
    with pytest.raises(ValueError, match="piano"):
        thing(form, "piano", sample_appearance(rng), rng)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="piano"):
        obstacle("piano", np.zeros(3), rng)  # type: ignore[arg-type]
