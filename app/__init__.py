"""mien, the service: images in, faces, landmarks and head pose out."""
