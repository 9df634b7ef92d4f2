"""Other people's model servers around `benchmarks.pipeline`, each in an environment of its own.

One file a server: what its documentation shows for a body of raw bytes, one process a processor,
one thread each, no batching (on a processor it gains nothing), no access log, nothing sent home.
"""
