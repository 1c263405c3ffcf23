"""What may be shown of a value that nobody may read: of which kinds of characters it is made.

Neither letters nor digits nor how many there are of them: a length tells one of few names.
"""

import re
from functools import lru_cache

NULL = "NULL"
ABSENT = "(none)"
EMPTY = "''"
SHORT = "***"
"""What is shown of values so short that even their kind would tell them."""
_SHORTEST = 4
_LOOKED_AT = 96
_SHOWN = 24
_LONGEST = 48
_SIGNS = "@.:/+(),_ -"
_LETTERS, _DIGITS, _OTHERS = re.compile("x+"), re.compile("9+"), re.compile(r"\*+")
_MEANINGLESS = re.compile(r"[\W_]+")


class _Kinds(dict[int, str]):
    """What stands for each character, found out once: x for letters, 9 for digits, a sign, *."""

    def __missing__(self, number: int) -> str:
        character = chr(number)
        kind = "*"
        if character.isalpha():
            kind = "x"
        elif character.isdigit():
            kind = "9"
        elif character in _SIGNS:
            kind = character
        return self.setdefault(number, kind)


_KINDS = _Kinds()


def masked(text: str | None) -> str:
    """Return what may be shown of a value: xxx for letters, 999 for digits, a few signs."""
    if text is None:
        return NULL
    if text == "":
        return EMPTY
    if len(text) < _SHORTEST:
        return SHORT
    return _shape(text[:_LOOKED_AT].translate(_KINDS))


@lru_cache(maxsize=2**14)
def _shape(kinds: str) -> str:
    """Return a mask that does not tell how many characters of a kind there are."""
    shape = _DIGITS.sub("999", _LETTERS.sub("xxx", _OTHERS.sub("*", kinds)))
    return shape if len(shape) <= _SHOWN else f"{shape[:_SHOWN]}…"


def folded(text: str) -> str:
    """Return a value without case, spaces and punctuation: what is left is told by it as before."""
    if text.isalnum():
        return text.casefold()
    return _MEANINGLESS.sub("", text).casefold()


def shown(text: str | None) -> str:
    """Return a value as it is, in one line that no terminal takes for more, and not too long."""
    if text is None:
        return NULL
    if text == "":
        return EMPTY
    safe = "".join(each if each.isprintable() else "·" for each in text[: _LONGEST + 1])
    return safe if len(safe) <= _LONGEST else f"{safe[:_LONGEST]}…"
