"""Keras networks, one family a file. They take float32 pixels 0..255; scaling is their first layer."""
