"""Bytes that have undone readers of YAML, JSON and SQL before: where fuzzing begins."""

import base64
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.fleet import MANIFEST

ROOT = Path(__file__).parents[2]
_BOMB = b"\n".join(
    (
        b"a0: &a0 [x, x, x, x, x, x, x, x, x]",
        *(b"a%d: &a%d [%s]" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 12)),
    )
)
HOSTILE: dict[str, bytes] = {
    "nothing": b"",
    "a comment": b"# nothing\n",
    "NUL": b"environment: a\0b\n",
    "not UTF-8": b"environment: \xff\xfe\n",
    "UTF-16": "environment: staging".encode("utf-16"),
    "a surrogate": b'environment: "\\ud800"\n',
    "a surrogate's bytes": b"environment: \xed\xa0\x80\n",
    "a byte order mark": b"\xef\xbb\xbfenvironment: staging\n",
    "a bomb of aliases": _BOMB,
    "an alias to itself": b"a: &a [*a]\n",
    "a mapping in itself": b"a: &a {b: *a}\n",
    "a merge": b"a: &a {b: 1}\nc: {<<: *a}\n",
    "deep lists": b"[" * 100_000,
    "deep mappings": b"{a: " * 50_000,
    "deep blocks": b"".join(b" " * n + b"a:\n" for n in range(2_000)),
    "deep dashes": b"- " * 50_000,
    "a long number": b"disk: " + b"9" * 100_000,
    "a long exponent": b"port: 1e999999\n",
    "an octal": b"port: 0o17\n",
    "sixties": b"port: 190:20:30\n",
    "a day that never was": b"at: 2026-02-31\n",
    "a moment that never was": b"at: 2026-11-20T25:61:61Z\n",
    "a tag": b"!!python/object/apply:os.system [true]\n",
    "a set": b"!!set {a, b}\n",
    "binary": b"!!binary aGVsbG8\n",
    "a key twice": b"environment: a\nenvironment: b\n",
    "a key that is a list": b"? [a, b]\n: c\n",
    "a key that is a mapping": b"{{a: b}: c}\n",
    "two documents": b"a: 1\n---\nb: 2\n",
    "a tab": b"a:\n\tb: c\n",
    "a directive": b"%YAML 9.9\n---\na: b\n",
    "a long line": b"a: " + b"x" * 1_000_000,
    "many keys": b"\n".join(b"k%d: v" % n for n in range(20_000)),
    "null": b"null",
    "not a number": b'{"version": NaN, "bytes": Infinity}',
    "JSON's exponent": b'{"version": 1, "bytes": 1e999}',
    "deep JSON": b'{"a":' * 100_000,
    "a JSON key twice": b'{"version": 1, "version": 2}',
    "a JSON surrogate": b'{"version": 1, "environment": "\\ud800"}',
    "an open quote": b"SELECT 'a",
    "an open comment": b"SELECT 1 /* a",
    "delimiters": b"DELIMITER ;;\nSELECT 1;;\nDELIMITER\nSELECT 2;",
    "a null id": b"sanitise:\n- {collection: a, deleteMany: {filter: {_id: {$oid: 5}}}}\n",
    "a date too late": b"checks:\n- {collection: a, find: {at: {$date: {$numberLong: '9' }}}}\n",
    "a regular expression": b"checks:\n- {collection: a, find: {a: {$regularExpression: 5}}}\n",
    "a uuid": b"checks:\n- {collection: a, find: {a: {$uuid: nothing}}}\n",
    "a long whole number": b"checks:\n- {collection: a, find: {a: " + b"9" * 5_000 + b"}}\n",
    "a number as a key": b"checks:\n- {collection: a, find: {1: 2, null: 3, 1.5: 4}}\n",
    "a time as a key": b"checks:\n- {collection: a, find: {2026-11-20: 2}}\n",
}


def _packed(content: Any) -> bytes:
    return base64.b85encode(zlib.compress(json.dumps(content).encode()))


def _changed(**changes: Any) -> bytes:
    return json.dumps({**json.loads(MANIFEST.write()), **changes}).encode()


def corpus() -> Iterator[tuple[str, bytes]]:
    """Yield hostile bytes, and sound ones for a fuzzer to change."""
    yield from HOSTILE.items()
    yield "a manifest", _changed()
    yield "a manifest of a day that never was", _changed(stamp="2026-02-31T00:00:00Z")
    yield "a manifest of a long version", _changed(server_version="9" * 5_000)
    yield "a manifest of many rows", _changed(rows={"a": 10**4_000})
    yield "a manifest in other digits", _changed(stamp="٢٠٢٦-11-20T02:40:00Z")
    for name, content in (("a list", []), ("text", "x"), ("rows", {"rows": 5, "aliases": 5})):
        yield f"metadata of {name}", _packed(content)
    yield "deep metadata", base64.b85encode(zlib.compress(b"[" * 100_000))
    yield "a key", b"postgresql/2026-11-20T02:40:00Z-app%ZZ.dump.zst.manifest.json"
    for path in sorted((*ROOT.glob("inventories/*.yaml"), *ROOT.glob("sanitisation_sql/*"))):
        yield path.name, path.read_bytes()
