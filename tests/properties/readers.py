"""All that reads what people or other programs wrote, each as a function of bytes.

Whatever the bytes, a reader returns, or raises an operator's sentence; `scripts/fuzz` and the tests
feed the same functions.
"""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from envsync.artefacts import ArtefactKey, Manifest, Stamp
from envsync.commands import Script
from envsync.dbms.postgresql_clients import major
from envsync.errors import CommandError, EnvsyncError, InventoryError, RefusedError
from envsync.gateways.elasticsearch import scripts as search_scripts
from envsync.gateways.elasticsearch.metadata import manifest_of
from envsync.gateways.mongo import script as mongo_script
from envsync.gateways.mysql.statements import script_statements
from envsync.inventory.columns_file import read_columns
from envsync.inventory.load import load
from envsync.provenance import Provenance
from envsync.verification import Verification

PRODUCTION = b"""\
environment: production
protected: true
storage: {backend: file, directory: /backups/production}
servers: {main: {dbms: postgresql, host: db.production, machine: admin}}
databases: {app: {server: main, name: app, path: postgresql}}
"""
_SHORT = 10_000
"""Characters of the longest sentence: an operator does not want the file back."""


def inventory(content: bytes) -> None:
    """Load a file beside a sound one."""
    with tempfile.TemporaryDirectory() as name:
        folder, scripts = Path(name, "inventories"), Path(name, "scripts")
        folder.mkdir()
        scripts.mkdir()
        (scripts / "clean.sql").touch()
        (folder / "production.yaml").write_bytes(PRODUCTION)
        (folder / "staging.yaml").write_bytes(content)
        refusal = _refusal(lambda: load(folder, scripts), InventoryError)
    for problem in refusal.splitlines():
        file, line, sentence = problem.removeprefix(f"{folder}/").split(":", 2)
        assert file in {"production.yaml", "staging.yaml"}, problem
        assert int(line) > 0, problem
        assert 0 < len(sentence) < _SHORT, problem


def _refusal(read: Callable[[], object], kind: type[EnvsyncError]) -> str:
    """Return what is said of what cannot be read; nothing where it can."""
    try:
        read()
    except kind as error:
        return str(error)
    return ""


def columns(content: bytes) -> None:
    """Read decisions on columns, which are told of as inventories are."""
    for problem in read_columns("clean.columns.yaml", "clean.columns.yaml", content).problems:
        assert str(problem).startswith("clean.columns.yaml:"), problem
        assert len(problem.sentence) < _SHORT, problem


def manifest(content: bytes) -> None:
    """Read a manifest, and use what it says."""
    text = content.decode(errors="replace")
    refusal = _refusal(lambda: _used(Manifest.read(text, "here")), CommandError)
    assert not refusal or "the manifest here cannot be trusted" in refusal


def _used(read: Manifest) -> None:
    assert Manifest.read(read.write(), "there") == read
    assert major(read.server_version) >= 0
    assert Provenance.of(read).stamp == Stamp.parse(read.stamp)
    assert len(f"{read.total_rows:,} {read.bytes:,} {ArtefactKey.of(read, 'path')}") > 0


def verification(content: bytes) -> None:
    """Read what a restore drill has left."""
    text = content.decode(errors="replace")
    refusal = _refusal(lambda: Verification.read(text, "here"), CommandError)
    assert not refusal or "in here cannot be trusted" in refusal


def snapshot(content: bytes) -> None:
    """Read a snapshot's metadata, which anybody may have written."""
    text = content.decode(errors="replace")
    plain = dict.fromkeys(("environment", "database", "name"), text[:40])
    described = {**plain, "stamp": "2026-11-20T02:40:00Z", "path": "p", "manifest": text}
    manifest_of({"metadata": {"envsync": described}, "indices": ["people"]})


def key(content: bytes) -> None:
    """Read a key that lies in a storage, and a database's comment."""
    text = content.decode(errors="replace")
    ArtefactKey.parse(text)
    ArtefactKey.of_manifest(text)
    ArtefactKey.of_verification(text)
    Provenance.parse(text)


def _script(content: bytes, read: Callable[[Script], object]) -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        refusal = _refusal(lambda: read(Script("people.yaml", file.name)), RefusedError)
    assert not refusal or "people.yaml" in refusal
    assert len(refusal) < _SHORT


def documents(content: bytes) -> None:
    """Read a script for documents."""
    _script(content, mongo_script.read)


def indices(content: bytes) -> None:
    """Read a script for indices."""
    _script(content, search_scripts.read)


def statements(content: bytes) -> None:
    """Part a script of SQL into its statements."""
    refusal = _refusal(lambda: _parted(content), CommandError)
    assert len(refusal) < _SHORT


def _parted(content: bytes) -> None:
    for statement in script_statements(content):
        assert statement.line > 0


READERS: Mapping[str, Callable[[bytes], None]] = {
    "inventory": inventory,
    "columns": columns,
    "manifest": manifest,
    "verification": verification,
    "snapshot": snapshot,
    "key": key,
    "documents": documents,
    "indices": indices,
    "statements": statements,
}
