"""Statements that a script may not hold, as all of it runs in one transaction of envsync's."""

from envsync.sanitising.statements import Statement

_OWN = (
    ("BEGIN",),
    ("START", "TRANSACTION"),
    ("COMMIT",),
    ("END",),
    ("ABORT",),
    ("ROLLBACK",),
    ("PREPARE", "TRANSACTION"),
)
# PostgreSQL, PreventInTransactionBlock.
_ALONE = (
    ("VACUUM",),
    ("ALTER", "SYSTEM"),
    ("CREATE", "DATABASE"),
    ("DROP", "DATABASE"),
    ("CREATE", "TABLESPACE"),
    ("DROP", "TABLESPACE"),
    ("REINDEX", "DATABASE"),
    ("REINDEX", "SYSTEM"),
    ("REINDEX", "SCHEMA"),
)
_CONCURRENTLY = (("CREATE",), ("DROP", "INDEX"), ("REINDEX",), ("ALTER", "TABLE"))


def forbidden(statement: Statement, dialect: str) -> str | None:
    """Return what is wrong with a statement in a script, if its first words tell it."""
    words = statement.words
    if statement.begins(*_OWN) and "SAVEPOINT" not in words[:4] and words[1:2] != ("TO",):
        return (
            f"says {words[0]}; envsync runs the whole script in one transaction: take BEGIN, "
            "COMMIT and ROLLBACK out of it"
        )
    if dialect == "postgres":
        return _of_postgresql(statement)
    if statement.begins(("USE",)):
        return "leaves the quarantine; take USE out of it, a script is run where the copy is"
    if statement.begins(("SOURCE",), ("SYSTEM",), ("\\",)):
        return (
            f"takes {words[0]} for a command of the mysql program; envsync sends scripts to the "
            "server, which knows none: take it out"
        )
    return None


def _of_postgresql(statement: Statement) -> str | None:
    words = statement.words
    concurrently = statement.begins(*_CONCURRENTLY) and "CONCURRENTLY" in words
    if concurrently or statement.begins(*_ALONE) or words == ("CLUSTER",):
        shown = " ".join(words[: words.index("CONCURRENTLY") + 1]) if concurrently else words[0]
        return (
            f"says {shown}, which PostgreSQL runs in no transaction; take it out: nobody reads "
            "the copy meanwhile, and envsync gathers its statistics"
        )
    if statement.begins(("COPY",)) and {"STDIN", "STDOUT"} & set(words):
        return "copies from or to its client, which a script has none of; take COPY out"
    return None
