"""SQL cut into statements, each parsed by itself, so that one not understood hides no other."""

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlglot import Token, TokenType, exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ErrorLevel, ParseError, TokenError

from envsync.sanitising.reading import Flaw, Unread

# It warns on standard error of what is not understood; that is told here, with its line.
logging.getLogger("sqlglot").setLevel(logging.ERROR)

_DELIMITED = re.compile(
    r"^DELIMITER[ \t]+\S+.*?(?:^DELIMITER[ \t]+;[^\n]*|\Z)",
    re.MULTILINE | re.DOTALL | re.IGNORECASE,
)
# PostgreSQL knows what becomes of a temporary table at the end; the parser does not.
_ON_COMMIT = (("ON", "COMMIT", "DROP"), ("ON", "COMMIT", "DELETE", "ROWS"))
_META = (
    "takes {} for a command of psql; envsync sends scripts to the server, which knows none: take "
    "it out"
)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement: its first line, its text, its words in capitals, and what it was parsed to.

    `tree` is None where it was not understood.
    """

    line: int
    text: str
    words: tuple[str, ...]
    tree: exp.Expr | None

    def begins(self, *openings: tuple[str, ...]) -> bool:
        """Tell whether its first words are those of an opening."""
        return any(self.words[: len(opening)] == opening for opening in openings)


@dataclass(frozen=True, slots=True)
class Cut:
    """A whole file: its statements, and what is none."""

    statements: tuple[Statement, ...]
    flaws: tuple[Flaw, ...] = ()
    unread: tuple[Unread, ...] = ()


def cut(text: str, name: str) -> Cut:
    """Cut a file of SQL in a dialect of the parser's into statements; never raises."""
    dialect = Dialect.get_or_raise(name)
    unread: list[Unread] = []
    if name == "mysql":
        found = _DELIMITED.finditer(text)
        unread += [Unread(_line(text, each.start()), each[0]) for each in found]
        text = _DELIMITED.sub(lambda found: "\n" * found[0].count("\n"), text)
    try:
        tokens = dialect.tokenize(text)
    except TokenError:
        return Cut((), (), (*unread, Unread(1, text, hides=True)))
    flaws: list[Flaw] = []
    if name == "postgres":
        tokens = _without_meta(tokens, text, flaws)
    chunks = _chunks(tokens)
    return Cut(
        tuple(_statement(chunk, text, dialect) for chunk in chunks), tuple(flaws), tuple(unread)
    )


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _without_meta(tokens: Sequence[Token], text: str, flaws: list[Flaw]) -> list[Token]:
    """Take out commands of psql, each up to the end of its line, and end the statement there."""
    kept: list[Token] = []
    skipped = 0
    for token in tokens:
        if token.line == skipped:
            continue
        if token.token_type is TokenType.BACKSLASH:
            skipped = token.line
            said = text[token.start :].split(None, 1)[0]
            flaws.append(Flaw(token.line, _META.format(repr(said))))
            kept.append(Token(TokenType.SEMICOLON, ";", token.line))
        else:
            kept.append(token)
    return kept


def _chunks(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    chunk: list[Token] = []
    for token in tokens:
        if token.token_type is TokenType.SEMICOLON:
            if chunk:
                yield chunk
            chunk = []
        else:
            chunk.append(token)
    if chunk:
        yield chunk


def _statement(tokens: list[Token], text: str, dialect: Dialect) -> Statement:
    words = tuple(token.text.upper() for token in tokens)
    written = text[tokens[0].start : tokens[-1].end + 1]
    return Statement(_line(text, tokens[0].start), written, words, _parsed(tokens, text, dialect))


def _parsed(tokens: list[Token], text: str, dialect: Dialect) -> exp.Expr | None:
    parser = dialect.parser(error_level=ErrorLevel.RAISE)
    try:
        [tree] = parser.parse(_without_on_commit(tokens), text)
    except (ParseError, RecursionError, ValueError):
        return None
    # What begins with a word that the parser does not know it takes for a value with a name.
    return None if isinstance(tree, exp.Command | exp.Alias | exp.Condition) else tree


def _without_on_commit(tokens: list[Token]) -> list[Token]:
    if tokens[0].text.upper() != "CREATE":
        return tokens
    words = [token.text.upper() for token in tokens]
    for clause in _ON_COMMIT:
        for at in range(len(words) - len(clause)):
            if tuple(words[at : at + len(clause)]) == clause:
                return tokens[:at] + tokens[at + len(clause) :]
    return tokens
