"""Keras networks, one family a file. They take pixels 0..255; scaling is their first layer."""
