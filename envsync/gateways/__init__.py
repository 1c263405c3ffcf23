"""DOING IT: the only package that touches servers, storages and processes."""
