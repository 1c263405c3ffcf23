"""What happens when a real server cannot be had: a loud skip on a laptop, a failure in CI."""

import os
from typing import NoReturn

import pytest


def unavailable(reason: str) -> NoReturn:
    """Skip the test, saying why; fail it where CI=true promises that every server is there."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"a server the tests need cannot be had: {reason}", pytrace=False)
    pytest.skip(f"NOT TESTED: {reason}")
