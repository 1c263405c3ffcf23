"""YAML of sanitisation scripts, read within bounds: no file takes the machine's memory or time."""

from pathlib import Path
from typing import Any

import yaml

from envsync.commands import Script
from envsync.errors import RefusedError

_LARGEST = 4 * 2**20
_DEEPEST = 100
_MOST = 100_000
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(script: Script) -> tuple[Any, bytes]:
    """Return what a script holds, and its bytes; raises RefusedError for what is not YAML."""
    try:
        content = Path(script.path).read_bytes()
    except OSError as error:
        raise RefusedError(f"cannot read the script {script.name}: {error.strerror}") from error
    try:
        content.decode()
        wrong = _unbounded(content)
        # Safe: the loader makes nothing but plain values.
        loaded = None if wrong else yaml.load(content, _LOADER)  # noqa: S506
    except UnicodeDecodeError:
        raise _refusal(script, "not YAML: it is not UTF-8") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "a character that is none of YAML's"
        line = f" in line {mark.line + 1}" if mark else ""
        raise _refusal(script, f"not YAML: {problem}{line}") from None
    except (ValueError, TypeError) as error:
        # A date of a day that never was, a number of thousands of digits, a key that is none.
        raise _refusal(script, f"not YAML that can be read: {error}") from None
    if wrong:
        raise _refusal(script, wrong)
    return loaded, content


def _unbounded(content: bytes) -> str | None:
    """Say how a file goes beyond all bounds, without building what is in it."""
    if len(content) > _LARGEST:
        return f"larger than {_LARGEST // 2**20} MiB"
    counting = _Counting()
    problems = map(counting.problem, yaml.parse(content, Loader=_LOADER))
    return next(filter(None, problems), None)


class _Counting:
    """Counts the values of a file as if every alias were written out."""

    def __init__(self) -> None:
        self._count = 0
        self._open: list[tuple[str | None, int]] = []
        self._anchors: dict[str, int] = {}

    def problem(self, event: yaml.Event) -> str | None:
        """Take note of a parser's event; returns what is wrong with the file as soon as it is."""
        match event:
            case yaml.AliasEvent(anchor=anchor):
                if anchor not in self._anchors:
                    return f"holding the alias {anchor!r}, which stands for nothing, or for itself"
                self._count += self._anchors[anchor]
            case yaml.ScalarEvent(anchor=anchor):
                self._end(anchor, self._count)
            case yaml.CollectionStartEvent(anchor=anchor):
                self._open.append((anchor, self._count))
            case yaml.CollectionEndEvent():
                self._end(*self._open.pop())
        if len(self._open) > _DEEPEST:
            return f"nested deeper than {_DEEPEST} levels"
        if self._count > _MOST:
            return f"holding more than {_MOST:,} values, its aliases written out"
        return None

    def _end(self, anchor: str | None, before: int) -> None:
        self._count += 1
        if anchor:
            self._anchors[anchor] = self._count - before


def _refusal(script: Script, problem: str) -> RefusedError:
    return RefusedError(f"{script.name} is {problem}; accepted: YAML as a person would write it")
