"""A file's bytes -> upright RGB pixels, no finer than what is needed."""
