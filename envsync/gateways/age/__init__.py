"""Artefacts that only the holders of a key can read, in the format of age."""
