"""What is said of claims, in the same words whichever engine holds them."""

from envsync.errors import BusyError, CommandError
from envsync.places import Endpoint

CLAIM_PATIENCE = 2
"""Seconds in which a session of our own that has just ended lets go of its claim."""


def taken(database: str, endpoint: Endpoint) -> BusyError:
    """Say that another pull holds a database."""
    return BusyError(
        f"another envsync is restoring {database!r} on {endpoint} at this moment; wait for it to "
        "end"
    )


def overtaken(database: str, endpoint: Endpoint, untouched: str) -> CommandError:
    """Say that a claim that has to be renewed is no longer this run's; what is `untouched` then."""
    return CommandError(
        f"the claim of this run to {database!r} on {endpoint} has ended, and another envsync may "
        f"have taken its place; {untouched}"
    )


def lost(said: str) -> CommandError:
    """Say that the session is gone that held a claim, and the claim with it."""
    return CommandError(
        "the session that kept others from this database has ended, and another envsync may have "
        f"taken its place; nothing was promoted ({said})"
    )
