"""Rendered heads: images of faces whose landmarks, rotation and camera are known exactly.

Frames used throughout (all right-handed, OpenCV axes):

- head frame: millimetres, x to the image's right of a frontal face, y down, z into the head;
  the origin is that of the ICT-FaceKit model (inside the head, between the ears); in labels it is
  midway between the outer eye corners, as in `app.face.pnp`;
- camera frame: millimetres, x right, y down, z away from the camera;
- image: pixels, centres at integers.

`x_camera = rotation @ x_head + translation`, with `rotation` in the canonical convention of
`app.face.rotation`.
"""
