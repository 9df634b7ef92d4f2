"""What the pictures of the golden set show."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from training.synthetic.background import BackgroundKind
from training.synthetic.coiffure import HairStyle
from training.synthetic.lights import LightKind
from training.synthetic.outfit import Chances

NOTHING = Chances(0, 0, 0, 0, 0, 0, 0, 0)
_GLASSES = Chances(1, 0, 0, 0, 0, 0, 0, 0)
_SUNGLASSES = Chances(1, 1, 0, 0, 0, 0, 0, 0)
_HEADWEAR = Chances(0, 0, 1, 0, 0, 0, 0, 0)
_MASK = Chances(0, 0, 0, 1, 0, 0, 0, 0)
_SMILE = {"mouthSmile_L": 0.35, "mouthSmile_R": 0.35, "cheekSquint_L": 0.15, "cheekSquint_R": 0.15}
_TALKING = {"jawOpen": 0.25, "mouthSmile_L": 0.25, "mouthSmile_R": 0.25, "browInnerUp_L": 0.3}
_SHOUTING = {"jawOpen": 0.85, "mouthLowerDown_L": 0.3, "mouthLowerDown_R": 0.3}
_EYES_SHUT = {"eyeBlink_L": 1.0, "eyeBlink_R": 1.0}


@dataclass(frozen=True, slots=True)
class Sitter:
    """One person of a golden picture.

    angles: yaw, pitch, roll in degrees. place: mm in the camera frame. tone: 0 light .. 1 dark.
    wears: 1 for what is worn.
    """

    seed: int
    angles: tuple[float, float, float] = (0.0, 0.0, 0.0)
    place: tuple[float, float, float] = (0.0, 15.0, 620.0)
    tone: float = 0.2
    style: HairStyle = "full"
    expression: Mapping[str, float] = field(default_factory=dict)
    gaze: tuple[float, float] = (0.0, 0.0)
    wears: Chances = NOTHING


@dataclass(frozen=True, slots=True)
class Shot:
    """One golden picture; focal length in pixels."""

    name: str
    sitters: tuple[Sitter, ...]
    width: int = 384
    height: int = 384
    focal: float = 640.0
    light: LightKind = "indoor"
    room: BackgroundKind = "room"


def _one(
    name: str, sitter: Sitter, light: LightKind = "indoor", room: BackgroundKind = "room"
) -> Shot:
    return Shot(name, (sitter,), light=light, room=room)


SHOTS = (
    _one("frontal", Sitter(101, tone=0.18, style="short", expression=_SMILE)),
    _one("frontal-dark", Sitter(118, tone=0.85, style="short")),
    _one("yaw-plus-30", Sitter(103, (30, 0, 0), tone=0.35, style="full")),
    _one("yaw-minus-30", Sitter(104, (-30, 0, 0), tone=0.1, style="long", expression=_SMILE)),
    _one("yaw-plus-60", Sitter(105, (60, 0, 0), tone=0.6, style="short")),
    _one("yaw-minus-60", Sitter(106, (-60, 0, 0), tone=0.25, style="short")),
    _one("yaw-plus-90", Sitter(120, (90, 0, 0), tone=0.3, style="undercut")),
    _one("yaw-minus-90", Sitter(121, (-90, 0, 0), tone=0.8, style="receding")),
    _one("pitch-plus-25", Sitter(107, (0, 25, 0), tone=0.45, style="short")),
    _one("pitch-minus-25", Sitter(108, (0, -25, 0), tone=0.15, style="short")),
    _one("pitch-plus-45", Sitter(122, (0, 45, 0), tone=0.7, style="short")),
    _one("pitch-minus-45", Sitter(123, (0, -45, 0), tone=0.3, style="receding")),
    _one("roll-plus-30", Sitter(109, (0, 0, 30), tone=0.7, style="bald")),
    _one("roll-minus-30", Sitter(110, (0, 0, -30), tone=0.05, style="short")),
    _one("roll-plus-90", Sitter(124, (0, 0, 90), tone=0.4, style="bob")),
    _one("roll-minus-60", Sitter(125, (0, 0, -60), tone=0.9, style="shaved")),
    _one("yaw-plus-30-pitch-plus-20", Sitter(126, (30, 20, 0), tone=0.2, style="ponytail")),
    _one("yaw-minus-30-pitch-plus-20", Sitter(127, (-30, 20, 0), tone=0.55, style="curly")),
    _one("yaw-plus-30-pitch-minus-20", Sitter(128, (30, -20, 0), tone=0.75, style="crown")),
    _one("yaw-minus-30-pitch-minus-20", Sitter(129, (-30, -20, 0), tone=0.15, style="bun")),
    _one("combined-a", Sitter(111, (25, 12, 15), tone=0.3, style="full", expression=_TALKING)),
    _one("combined-b", Sitter(112, (-35, -12, -20), tone=0.55, style="long")),
    Shot(
        "off-axis",
        (Sitter(113, (0, 0, 0), (165.0, 110.0, 560.0), tone=0.2, style="short"),),
        width=480,
        height=360,
        focal=420.0,
        room="gradient",
    ),
    Shot(
        "off-axis-turned",
        (Sitter(130, (35, -10, 8), (-190.0, -60.0, 560.0), tone=0.65, style="short"),),
        width=480,
        height=360,
        focal=420.0,
        room="gradient",
    ),
    _one("glasses", Sitter(131, tone=0.25, style="short", wears=_GLASSES)),
    _one("glasses-turned", Sitter(132, (-40, 5, 5), tone=0.6, style="full", wears=_GLASSES)),
    _one("sunglasses", Sitter(133, (15, 0, 0), tone=0.35, style="full", wears=_SUNGLASSES), "day"),
    _one("headwear", Sitter(134, (-20, 0, 5), tone=0.5, style="short", wears=_HEADWEAR), "day"),
    _one("mask", Sitter(135, (20, -5, 0), tone=0.3, style="bob", wears=_MASK)),
    _one("mouth-open", Sitter(136, (-10, 0, 0), tone=0.45, style="full", expression=_SHOUTING)),
    _one("eyes-shut", Sitter(137, (5, 0, 0), tone=0.2, style="long", expression=_EYES_SHUT)),
    _one("side-light", Sitter(138, (10, 0, 0), tone=0.3, style="short"), "side", "wall"),
    _one("night", Sitter(139, (0, 0, 0), tone=0.25, style="full"), "night", "bokeh"),
    _one("night-turned", Sitter(140, (35, 0, 0), tone=0.6, style="short"), "night", "cabin"),
    _one("infrared", Sitter(141, (0, -5, 0), tone=0.4, style="short"), "infrared", "cabin"),
    _one(
        "infrared-turned",
        Sitter(142, (-45, -10, 0), tone=0.2, style="long"),
        "infrared",
        "cabin",
    ),
    _one(
        "infrared-glasses",
        Sitter(143, (20, 0, 5), tone=0.7, style="short", wears=_GLASSES),
        "infrared",
        "cabin",
    ),
    Shot(
        "two-faces",
        (
            Sitter(114, (20, 0, 5), (-115.0, 20.0, 760.0), tone=0.15, style="long"),
            Sitter(115, (-15, 5, -8), (120.0, 0.0, 800.0), tone=0.75, style="short"),
        ),
        width=480,
        height=360,
        focal=640.0,
    ),
    Shot("large", (Sitter(116, (5, 0, 3), (0.0, 10.0, 620.0), style="short"),), focal=900.0),
    Shot("small", (Sitter(117, (-10, 5, 0), (260.0, 480.0, 3000.0), tone=0.4, style="short"),)),
    Shot("no-face", ()),
)

# Turned about all three axes: a frontal face would not notice a wrong sign of any angle.
SELF_TEST = Shot("face", (Sitter(101, (18, 9, -12), tone=0.18, style="short", expression=_SMILE),))
