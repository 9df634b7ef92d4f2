"""Angles to try rotations with, in degrees."""

from hypothesis import strategies as st

half_turns = st.floats(-180, 180)
near_lock = st.one_of(
    st.floats(-90, 90),
    st.sampled_from([90.0, -90.0]),
    st.builds(
        lambda sign, off: sign * (90 - 10.0**off), st.sampled_from([1, -1]), st.floats(-9, 0)
    ),
)
