"""Fuzzes one reader with atheris for a while; exit code 0 where only sentences came of it."""

import argparse
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["envsync"]):
    from tests.properties.corpus import corpus
    from tests.properties.readers import READERS

_LONGEST_SEED = 5_000


def main() -> None:
    """Fuzz as asked."""
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__)
    parser.add_argument("reader", choices=READERS)
    parser.add_argument("--seconds", type=int, default=60)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="envsync-fuzz-") as name:
        for number, (_, seed) in enumerate(corpus()):
            if len(seed) <= _LONGEST_SEED:
                Path(name, str(number)).write_bytes(seed)
        bounds = (f"-max_total_time={asked.seconds}", "-max_len=5000", "-timeout=20")
        atheris.Setup([sys.argv[0], *bounds, name], READERS[asked.reader])
        atheris.Fuzz()


if __name__ == "__main__":
    main()
