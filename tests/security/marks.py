"""Secrets that would be recognised however they were written down."""

import base64
import secrets
import string
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

HOSTILE = ": '\"%2F@ü→\\#;{}$"
"""What breaks quoting, password files, option files, URLs, format strings and narrow encodings."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A secret; `word` is a part of it that no quoting, escaping or cutting in two changes."""

    what: str
    text: str
    word: str

    def forms(self) -> Iterator[bytes]:
        """Yield what would be found where the secret has been written."""
        word = self.word.encode()
        yield word
        yield word.hex().encode()
        yield self.word.encode("utf-16-le")
        for before in range(3):
            # In base64 a text has three looks; its ends also depend on what stands beside it.
            whole = base64.b64encode(b"-" * before + word)
            yield whole[4 if before else 0 : -4]


def mark(what: str, text: str = "{word}" + HOSTILE) -> Mark:
    """Make a secret that nothing else in the world holds."""
    word = "".join(secrets.choice(string.ascii_letters) for _ in range(24))
    return Mark(what, text.replace("{word}", word), word)


def leaks(marks: Iterable[Mark], texts: Iterable[tuple[str, bytes]]) -> list[str]:
    """Say which secret is in which text, without repeating it."""
    wanted = [(each.what, form) for each in marks for form in each.forms()]
    return sorted(
        {f"{what} in {where}" for where, text in texts for what, form in wanted if form in text}
    )


def files(*folders: Path) -> Iterator[tuple[str, bytes]]:
    """Yield every byte that lies below some folders, and every name."""
    for folder in folders:
        for path in folder.rglob("*"):
            yield f"the name of {path}", str(path).encode(errors="surrogateescape")
            if path.is_file():
                yield str(path), path.read_bytes()
