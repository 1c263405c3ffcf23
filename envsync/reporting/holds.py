"""What is held, for people: by whom, why and until when. Pure."""

from collections.abc import Sequence
from datetime import datetime

from envsync.plan.hold import Hold
from envsync.reporting.grid import grid
from envsync.reporting.table import moment_text


def holds_table(holds: Sequence[Hold], now: datetime) -> str:
    """Return a line per hold, in the order they were made."""
    headings = ("environment", "name", "until", "state", "by", "since (UTC)", "because")
    rows = [
        (
            hold.environment,
            hold.key,
            str(hold.until),
            "past its date" if hold.is_past(now.date()) else "held",
            hold.by,
            moment_text(hold.since),
            hold.because,
        )
        for hold in holds
    ]
    return grid(rows, headings)
