"""Images -> the faces in them."""
