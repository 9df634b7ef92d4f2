"""The shared core: crops, landmark schemes, rotations, PnP and model cards.

Both programs import it, the service and the training, so that the two cannot drift apart. It needs
only numpy, OpenCV and pydantic.
"""
