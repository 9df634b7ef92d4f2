"""Face profiling: labelled photographs seen again from the side.

A morphable head is fitted to a photograph's 68 points (`fit`), wears the photograph as its texture
(`patch`, `texture`), and is drawn at a larger yaw before the photograph, which is bent so that hair
and background follow (`surroundings`, `turn`). After Zhu et al., Face Alignment Across Large Poses,
CVPR 2016. The frames are those of `training.synthetic`.

What comes out is made of the photographs: it carries their terms.
"""
