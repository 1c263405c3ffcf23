"""Hostile but legal words: what an inventory may call things, at its worst."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import strategies as some

from envsync.inventory.model import Ensure, Schedule
from envsync.places import Secret

Draw = Callable[[some.SearchStrategy[Any]], Any]

# What YAML, SQL, shells, formats, URLs and glob patterns would each like to read otherwise.
TRICKY = (
    *("'", '"', "`", "\\", "%", "%s", "%2F", "{}", "{0}", "${x}", "$1", "--", ";", "#", "/", "*"),
    *("&a", "*a", "!t", "|", ">", "yes", "null", "~", "1e3", "0x10", "12:30", "=", "<<", "- "),
    *("ü", "\u00a0", "\u202e", "\ufeff", "日本", "\U0001f418", " ", "@", "[", "]", "?", ":", ", "),
)
_CHARACTERS = some.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"))

ONE_LINE = some.lists(some.sampled_from(TRICKY) | _CHARACTERS, max_size=6).map("".join)
TEXT = ONE_LINE.map(lambda text: text if text.strip() else f"{text}x")
TITLE = TEXT.map(lambda text: text.replace(";", ","))
PROSE = TEXT.map(lambda text: " ".join(text.split()))
KEY = some.sampled_from(("1", "null", "yes", "1.5", "a-b", "a.b", "_", "sync")) | some.from_regex(
    r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,12}", fullmatch=True
)
FOLDER = ONE_LINE.map(lambda text: f"/{text}")
SEGMENT = TEXT.map(lambda text: text.replace("/", "_")).map(
    lambda segment: f"{segment}_" if segment in {".", ".."} else segment
)
HOST = some.sampled_from(("db.example.org", "10.0.0.", "fe80::", "/run/socket", "ü.example", "a@b"))
URL = some.sampled_from(("http://127.0.0.1:9000", "https://ceph/rgw"))
SECRET = some.builds(Secret, some.just("env"), TEXT) | some.builds(
    Secret, some.just("file"), FOLDER
)
PUBLIC_KEY = some.sampled_from(
    (
        "age1laln6ak68yufz3w5ysg949n9frak9jka4lcs5chcdnc9rpkhjvxq97yjng",
        "age1sv5vx3tn822g2sv0gssn3x93nwfhc3akfx5kpxz3nz38s3wua9gqsfuwwe",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN a: b # c",
    )
)
SHARE = some.decimals(0, "99.99", places=2)
DURATION = some.integers(1, 999_999).map(lambda seconds: timedelta(seconds=seconds))
SCHEDULE = some.builds(
    Schedule,
    some.builds("{} {} * * *".format, some.integers(0, 59), some.integers(0, 23))
    | some.sampled_from(
        ("*/5 * * * *", "0 3 * * SUN", "30 2 1,15 * *", "0 0 L * *", "5 1-3 * 6 MON#1")
    ),
)

MOSTLY = some.sampled_from((True, True, True, False))
SELDOM = some.sampled_from((False, False, False, True))
USUALLY_PRESENT = some.sampled_from((*(Ensure.PRESENT,) * 4, *Ensure))


def at_most(words: some.SearchStrategy[str], size: int) -> some.SearchStrategy[str]:
    """Cut words short that have more bytes than a server's names."""
    return words.map(lambda word: word.encode()[:size].decode(errors="ignore").rstrip() or "x")


def optional(of: some.SearchStrategy[str]) -> some.SearchStrategy[str | None]:
    """Draw a word, or none."""
    return some.none() | of
