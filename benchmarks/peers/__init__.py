"""Other people's face detectors, each run in a process of its own beside ours.

What runs in such a process (`worker` and one file a detector) imports nothing of mien's, because
the peers live in an environment of their own: requirements/peers.txt, .venvs/peers.
"""
