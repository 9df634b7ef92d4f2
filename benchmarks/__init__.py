"""Measurements of the service; each prints a table and writes JSON."""
