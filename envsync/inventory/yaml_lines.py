"""Reads one YAML file into a document; whatever is wrong with it becomes problems with lines.

Safe with any bytes: nothing is constructed but text, whole numbers, true and false, lists and
mappings. Words such as `yes` and times such as 12:40 stay text, as editors (YAML 1.2) see them.
"""

import re
from collections.abc import Iterator

import yaml
from yaml.reader import ReaderError

from envsync.inventory.document import Document, Node, Scalar, described
from envsync.inventory.problems import Problem

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST = 8
_MOST_REPEATED = 2_000
_WORDS: dict[str, bool | None] = {
    word: meaning
    for name, meaning in (("true", True), ("false", False), ("null", None))
    for word in (name, name.capitalize(), name.upper())
} | {"": None, "~": None}
# Longer numbers are neither a port nor a count, and slow to read: they stay text.
_WHOLE_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_A_MAPPING = "accepted: a mapping of keys to values"


def read(file: str, content: bytes) -> Document:
    """Read a file's content; never raises, whatever the bytes."""
    composer = _Composer(file)
    text = content.decode("utf-8-sig", errors="replace")
    root = None
    try:
        content.decode("utf-8-sig")
        root = composer.document(yaml.parse(text, Loader=_LOADER))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        composer.report(line, "this is not UTF-8 text; accepted: a file saved as UTF-8")
    except ReaderError as error:
        line = text.encode().count(b"\n", 0, error.position) + 1
        composer.report(line, "a control character is in the way; accepted: printable text")
    except yaml.MarkedYAMLError as error:
        composer.report(*_flaw(error, text))
    except _UnreadableError as error:
        composer.report(error.line, error.sentence)
    return Document(file, root, tuple(composer.problems))


def _flaw(error: yaml.MarkedYAMLError, text: str) -> tuple[int, str]:
    """Return the line of a syntax error, and what it is."""
    lines = text.rstrip("\n").split("\n")
    mark = error.problem_mark or error.context_mark
    number = min(mark.line, len(lines) - 1) if mark else 0
    if mark and lines[number][mark.column : mark.column + 1] == "\t":
        return number + 1, "a tab is in the way; accepted: spaces"
    context = f" {error.context}" if error.context else ""
    begun = f" begun in line {error.context_mark.line + 1}" if error.context_mark else ""
    return number + 1, f"this is not YAML: {error.problem}{context}{begun}"


class _UnreadableError(Exception):
    """What nothing can be read after."""

    def __init__(self, event: yaml.Event, sentence: str) -> None:
        super().__init__(sentence)
        self.line = _line(event)
        self.sentence = sentence


class _Composer:
    """Makes nodes of a parser's events, within bounds."""

    def __init__(self, file: str) -> None:
        self.problems: list[Problem] = []
        self._file = file
        self._anchors: dict[str, Node] = {}
        self._repeated = 0

    def report(self, line: int, sentence: str) -> None:
        self.problems.append(Problem(self._file, line, sentence))

    def document(self, events: Iterator[yaml.Event]) -> Node:
        """Read the one document of a file, which must be a mapping."""
        top = next(events)
        start = next(events)
        if isinstance(start, yaml.StreamEndEvent):
            raise _UnreadableError(top, f"the file is empty; {_A_MAPPING}")
        root = self._node(next(events), events, 0)
        if not isinstance(root.value, dict):
            raise _UnreadableError(start, f"the file is {described(root.value)}; {_A_MAPPING}")
        next(events)
        after = next(events)
        if not isinstance(after, yaml.StreamEndEvent):
            self.report(_line(after), "a second document starts here; accepted: one in a file")
        return root

    def _node(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Node:
        if depth > _DEEPEST:
            raise _UnreadableError(event, f"this is nested too deeply; accepted: {_DEEPEST} levels")
        if isinstance(event, yaml.AliasEvent):
            return self._repeat(event, event.anchor or "")
        node = Node(_line(event), self._value(event, events, depth + 1))
        if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _value(
        self, event: yaml.Event, events: Iterator[yaml.Event], depth: int
    ) -> Scalar | list[Node] | dict[str, Node]:
        if isinstance(event, yaml.ScalarEvent):
            self._refuse_tag(event, event.tag)
            return event.value if event.style else scalar(event.value)
        if isinstance(event, yaml.MappingStartEvent):
            self._refuse_tag(event, event.tag)
            return self._mapping(events, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            self._refuse_tag(event, event.tag)
        return [self._node(item, events, depth) for item in _until_end(events)]

    def _mapping(self, events: Iterator[yaml.Event], depth: int) -> dict[str, Node]:
        entries: dict[str, Node] = {}
        for event in _until_end(events):
            if not isinstance(event, yaml.ScalarEvent):
                raise _UnreadableError(event, "a key is not plain text; accepted: one word of text")
            value = self._node(next(events), events, depth).value
            first = entries.setdefault(event.value, node := Node(_line(event), value))
            if first is not node:
                twice = f"the key {event.value!r} was given before, in line {first.line}"
                self.report(node.line, f"{twice}; accepted: each key once")
        return entries

    def _repeat(self, event: yaml.Event, anchor: str) -> Node:
        """Return what an alias stands for: only what is complete, so that nothing holds itself."""
        node = self._anchors.get(anchor)
        if node is None:
            wanted = f"accepted: the name of an anchor, '&{anchor}', that ends before it"
            raise _UnreadableError(event, f"the alias '*{anchor}' stands for nothing; {wanted}")
        self._repeated += sum(1 for _ in node.walk())
        if self._repeated > _MOST_REPEATED:
            wanted = f"accepted: {_MOST_REPEATED} repeated values in a file"
            raise _UnreadableError(event, f"aliases repeat too much; {wanted}")
        return Node(_line(event), node.value)

    def _refuse_tag(self, event: yaml.Event, tag: str | None) -> None:
        if tag is not None:
            self.report(_line(event), f"the tag {tag!r} is in the way; accepted: no tags")


def _until_end(events: Iterator[yaml.Event]) -> Iterator[yaml.Event]:
    """Yield the first event of each entry; whoever asks for the next has read the entry whole."""
    for event in events:
        if isinstance(event, yaml.CollectionEndEvent):
            return
        yield event


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def scalar(text: str) -> Scalar:
    """Return what a plain word means: a number, true, false, nothing, or itself."""
    if text in _WORDS:
        return _WORDS[text]
    return int(text) if _WHOLE_NUMBER.fullmatch(text) else text
