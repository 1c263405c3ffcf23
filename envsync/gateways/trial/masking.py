"""What may be shown of a value that nobody may read: of which kinds of characters it is made.

Neither letters nor digits nor how many there are of them: a length tells one of few names.
"""

import re

NULL = "NULL"
ABSENT = "(none)"
EMPTY = "''"
SHORT = "***"
"""What is shown of values so short that even their kind would tell them."""
_SHORTEST = 4
_LOOKED_AT = 96
_SHOWN = 24
_LONGEST = 48
_RUNS = re.compile(r"([^\W\d_]+)|(\d+)|([@.:/+(),_ -])|(.)", re.DOTALL)
_SPACE = re.compile(r"[\W_]+")


def masked(text: str | None) -> str:
    """Return what may be shown of a value: xxx for letters, 999 for digits, a few signs."""
    if text is None:
        return NULL
    if text == "":
        return EMPTY
    if len(text) < _SHORTEST:
        return SHORT
    parts: list[str] = []
    for letters, digits, sign, _ in _RUNS.findall(text[:_LOOKED_AT]):
        part = "xxx" if letters else "999" if digits else sign or "*"
        if part != "*" or parts[-1:] != ["*"]:
            parts.append(part)
    shape = "".join(parts)
    return shape if len(shape) <= _SHOWN else f"{shape[:_SHOWN]}…"


def folded(text: str) -> str:
    """Return a value without case, spaces and punctuation: what is left is told by it as before."""
    return _SPACE.sub("", text).casefold()


def shown(text: str | None) -> str:
    """Return a value as it is, in one line that no terminal takes for more, and not too long."""
    if text is None:
        return NULL
    if text == "":
        return EMPTY
    safe = "".join(each if each.isprintable() else "·" for each in text[: _LONGEST + 1])
    return safe if len(safe) <= _LONGEST else f"{safe[:_LONGEST]}…"
