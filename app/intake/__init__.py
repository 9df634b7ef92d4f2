"""A request's body, of one of three forms -> the images in it, within the limits."""
