"""Rows remembered before a script and compared after it, on whichever engine."""
