"""A model folder -> a session that runs it, on the device and in the precision asked for."""
