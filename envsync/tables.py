"""Tables as manifests name them, told apart by the names that inventories use. Pure."""

import re
from collections.abc import Collection

_NAME_PART = re.compile(r'"(?:[^"]|"")*"|[^".]+')
"""One part of a qualified name as PostgreSQL's quote_ident writes it."""


def is_named(table: str, names: Collection[str], dbms: str) -> bool:
    """Tell whether a table of a manifest is one of those that an inventory names.

    PostgreSQL's are there with their schema, and quoted; an inventory may leave out both.
    """
    if dbms != "postgresql":
        return table in names
    parts = [_bare(part) for part in _NAME_PART.findall(table)]
    return not {".".join(parts), *parts[-1:]}.isdisjoint(names)


def _bare(identifier: str) -> str:
    quoted = identifier.startswith('"')
    return identifier[1:-1].replace('""', '"') if quoted else identifier
