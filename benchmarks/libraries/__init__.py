"""Libraries that find faces and their landmarks, end to end beside ours: JPEG bytes to numbers.

As in `benchmarks.peers`, what runs in such a library's process imports nothing of mien's.
"""
