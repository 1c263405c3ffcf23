"""What must hold after a run on bad input: it said why, and nothing was touched."""

from collections.abc import Sequence

from tests.live.program import Ran
from tests.live.site import Site

OLD = [(1, "yesterday@example.com", "Yesterday")]


def assert_refused(site: Site, ran: Ran, sentence: str, stored: Sequence[str] = ()) -> None:
    """The run was refused for a reason before it did anything; `stored` is all that is stored."""
    _assert_told(ran, 2, sentence)
    assert_untouched(site, stored)


def assert_failed(site: Site, ran: Ran, sentence: str, stored: Sequence[str] = ()) -> None:
    """The run was under way and failed for a reason; what it had begun is gone again."""
    _assert_told(ran, 1, sentence)
    assert_untouched(site, stored)


def assert_untouched(site: Site, stored: Sequence[str] = ()) -> None:
    """Yesterday's data is live, no quarantine is there, and the storage holds what it held."""
    assert (site.people(), site.databases()) == (OLD, {"live"})
    assert site.artefacts() == list(stored)


def _assert_told(ran: Ran, code: int, sentence: str) -> None:
    assert (ran.code, sentence in ran.err) == (code, True), f"{sentence!r} is not in:\n{ran.err}"
    assert "Traceback" not in ran.err
    assert "a bug in envsync" not in ran.err
