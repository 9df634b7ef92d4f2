"""Where the points of every scheme lie on the head model, apart from the outline of the jaw.

Mesh vertices stand where an artist put them; annotators click on what they see: the upper edge of
the brow's hairs, the rim of the lids, the border of the lips' red, the foot of the nose. Those
places are defined here on the mean head by anatomy and by what our own painter paints, never by
fitting to annotated photographs, so that labels stay free of any data set's terms. Each becomes a
weighted mean of three vertices, and so follows identity, expression and pose.

Places are given for the subject's RIGHT side (x < 0 in the head frame), in mm of the mean head; the
left side is their mirror image.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.spatial import cKDTree

from training.synthetic.facekit import EYEBALLS, FaceKit, Part
from training.synthetic.surface_points import Surface, SurfacePoints

# Brows: how far along the line through the mesh's five brow points (0 temple .. 4 nose), and how
# far below it (mm, negative above), where front_map paints the hairs: they fill -3 to +4 mm and
# reach 0.15 beyond the outermost point. ibug-68 has the upper edge, muct-76 the outline, aflw-21
# the middle.
BROW_IBUG = ((-0.15, -0.2), (0.9, -2.5), (2.0, -1.8), (3.05, -1.8), (3.9, -2.2))
BROW_MUCT = ((-0.15, -0.2), (1.33, -2.1), (2.67, -1.8), (3.95, 0.2), (2.67, 3.2), (1.33, 3.0))
BROW_AFLW = ((-0.15, -0.2), (2.0, 0.6), (3.95, 0.2))

# Lids: how far along the closed line through the six eye points of ibug-68 (0 outer corner, 3 inner
# corner, the upper lid first): outer corner, top, inner corner, bottom, then the four of 68-75.
LIDS_MUCT = (0.0, 1.5, 3.0, 4.5, 0.75, 2.25, 3.75, 5.25)

# Nose, on the surface nearest to (x, y, z).
NOSE_RIDGE = ((0.0, -25.3, -116.0), (0.0, -13.3, -125.0))  # evenly between root and tip
NOSE_TIP = (0.0, -0.9, -130.9)  # pronasale: the foremost place
SUBNASALE = (0.0, 10.6, -116.7)  # where the septum meets the lip
NOSTRIL_SILL = (-6.8, 9.8, -113.7)  # the rim under the middle of the nostril
WING_FOOT = (-14.1, 9.6, -107.8)  # where the wing's lower border meets the lip
WING_SIDE = (-19.5, 5.4, -102.7)  # alare: the widest place
WING_TOP = (-16.9, -5.2, -105.4)  # upper end of the groove behind the wing
ROOT_SIDE = (-9.0, -30.5, -104.0)  # flank of the bridge beside the inner corner of the eye
# Three places round the nostril, x and y as seen from the front: the opening's middle is theirs.
NOSTRIL_RIM = ((-8.7, 3.1), (-5.6, 6.4), (-11.6, 6.4))
EAR_LOBE = (-77.0, 16.9, -10.9)  # the middle of the lobe

# The lower border of the jaw from ear to chin, vertices of the model's README ("jawline").
JAW_BONE_RIGHT = (
    (-74.7, -31.3, -27.1),
    (-72.3, -7.6, -28.4),
    (-68.7, 15.3, -29.5),
    (-63.0, 39.0, -36.7),
    (-53.4, 55.2, -53.8),
    (-44.1, 62.7, -69.4),
    (-30.5, 69.1, -87.7),
    (-15.4, 72.6, -102.7),
)


class Marks:
    """The places on one head model; each attribute is a SurfacePoints.

    ibug: 68, ibug-68 as annotators see it, the jaw on the bone. mesh: 68, the model's own vertices.
    brows_muct: 12, left then right, as in muct-76; brows_aflw: 6, as in aflw-21.
    lids_muct: 16, right then left, in the order of LIDS_MUCT.
    nose_sides: (ROOT_SIDE, WING_TOP, WING_SIDE, WING_FOOT) right, then left. nostrils, ears,
    pupils: right, left.
    """

    def __init__(self, kit: FaceKit) -> None:
        face = Surface(kit.mean, kit.triangles_of(Part.FACE))
        mesh = kit.mean[kit.landmarks].astype(np.float64)
        partner = _mirror_partners(kit)
        self.mesh = SurfacePoints.at_vertices(kit.landmarks)
        self.ibug = _ibug(face, mesh, kit.landmarks, partner)
        right = face.from_the_front(_brow(mesh, BROW_MUCT))
        self.brows_muct = SurfacePoints.joined(right.renumbered(partner), right)
        right = face.from_the_front(_brow(mesh, BROW_AFLW))
        self.brows_aflw = SurfacePoints.joined(right, right.renumbered(partner).reversed())

        def both(one: SurfacePoints) -> SurfacePoints:
            return SurfacePoints.joined(one, one.renumbered(partner))

        self.lids_muct = both(face.nearest(_along(mesh[36:42], LIDS_MUCT)))
        self.nose_sides = both(face.nearest([ROOT_SIDE, WING_TOP, WING_SIDE, WING_FOOT]))
        self.nostrils = both(face.from_the_front(NOSTRIL_RIM).middle())
        self.ears = both(face.nearest([EAR_LOBE]))
        eyeballs = (Part.EYE_RIGHT, Part.EYE_LEFT)
        self.pupils = SurfacePoints.joined(*(_pupil(kit, part) for part in eyeballs))


def _mirror_partners(kit: FaceKit) -> NDArray[np.int64]:
    """(V,) the vertex of the face where each one's mirror image lies; the mean head is symmetric.

    Vertices of other parts, some of which touch the lids, are their own partners.
    """
    face = np.unique(kit.triangles_of(Part.FACE))
    mirrored = kit.mean[face] * np.array([-1.0, 1.0, 1.0])
    partners = np.arange(len(kit.mean))
    partners[face] = face[cKDTree(kit.mean[face]).query(mirrored)[1]]
    return partners


def _ibug(
    face: Surface,
    mesh: NDArray[np.float64],
    vertices: NDArray[np.int64],
    partner: NDArray[np.int64],
) -> SurfacePoints:
    bone = face.nearest(JAW_BONE_RIGHT)
    brow = face.from_the_front(_brow(mesh, BROW_IBUG))
    foot = face.nearest([WING_FOOT, NOSTRIL_SILL])
    return SurfacePoints.joined(
        bone,
        SurfacePoints.at_vertices(vertices[8:9]),
        bone.renumbered(partner).reversed(),
        brow,
        brow.renumbered(partner).reversed(),
        SurfacePoints.at_vertices(vertices[27:28]),
        face.nearest([*NOSE_RIDGE, NOSE_TIP]),
        foot,
        face.nearest([SUBNASALE]),
        foot.renumbered(partner).reversed(),
        # Lid rims and the border of the red of the lips are painted through these very vertices.
        SurfacePoints.at_vertices(vertices[36:68]),
    )


def _brow(
    mesh: NDArray[np.float64], places: tuple[tuple[float, float], ...]
) -> NDArray[np.float64]:
    """(n, 2) x and y of places along the right brow, from the temple inwards."""
    line = CubicSpline(np.arange(5), mesh[17:22, :2])
    return np.array([line(along) + (0.0, below) for along, below in places])


def _along(eye: NDArray[np.float64], places: tuple[float, ...]) -> NDArray[np.float64]:
    closed = np.concatenate([eye, eye[:1]])
    line = CubicSpline(np.arange(7), closed, bc_type="periodic")
    return np.asarray(line(np.array(places)))


def _pupil(kit: FaceKit, part: Part) -> SurfacePoints:
    """Where the eyeball is painted black: straight before its centre at rest."""
    eyeball = kit.mean[EYEBALLS[part]].astype(np.float64)
    centre = (eyeball.min(axis=0) + eyeball.max(axis=0)) / 2
    return Surface(kit.mean, kit.triangles_of(part)).hit([centre], [[0.0, 0.0, -1.0]])
