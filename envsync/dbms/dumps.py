"""How the engines that stream a dump into a storage do it alike."""

from datetime import timedelta

COMPRESSION_LEVEL = 3
COMPRESSION_THREADS = 2
ABANDONED_AFTER = timedelta(days=1)
"""Age at which a half upload is taken for a killed run's; no push lasts so long."""
