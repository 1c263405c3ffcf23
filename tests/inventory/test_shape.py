"""What editors are told of an inventory agrees with what loading accepts."""

from collections.abc import Iterator

import jsonschema
import pytest

from envsync.inventory.file import read_file
from envsync.inventory.schema import schema
from envsync.inventory.yaml_lines import read
from tests.inventory.folders import PRODUCTION, STAGING
from tests.inventory.test_shape_mistakes import CASES

# What a schema of a single value cannot say, or says of numbers and text as YAML 1.1 would.
BEYOND_SCHEMA = {
    "a password in two places",
    "a private key in two places",
    "encryption to nobody",
    "a public key that is mistyped",
    "a program with a quote that never ends",
    "a rewrite of no column",
    "a field for seconds",
    "four fields",
    "a day that never comes",
    "a deadline at once",
    "a disk without a unit that is known",
    "an endless disk",
    "never without a reason",
    "a reason for nothing",
    "a name too long for any database",
    "no privilege",
    "a hostile key",
    "rsync to nowhere",
    "a module of no host",
    "a password for a folder",
    "a user of this machine's folder",
    "a password of nobody",
}


def described(node: object, path: str = "") -> Iterator[tuple[str, bool]]:
    """Yield each property in a schema, and whether it is described."""
    if isinstance(node, dict):
        for name, entry in node.get("properties", {}).items():
            yield f"{path}.{name}", bool(entry.get("description"))
        for name, entry in node.items():
            yield from described(entry, f"{path}.{name}")


def test_every_key_is_described_to_editors() -> None:
    assert [path for path, is_described in described(schema()) if not is_described] == []


@pytest.mark.parametrize("content", [PRODUCTION, STAGING], ids=["production", "staging"])
def test_the_schema_accepts_what_loads(content: str) -> None:
    jsonschema.validate(read("f.yaml", content.encode()).mapping(), schema())


@pytest.mark.parametrize("name", sorted(CASES.keys() - BEYOND_SCHEMA))
def test_the_schema_refuses_what_does_not_load(name: str) -> None:
    content, _ = CASES[name]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(read("f.yaml", content.encode()).mapping(), schema())


@pytest.mark.parametrize(
    "holder",
    [
        "storage: {backend: s3, bucket: b, HERE}",
        "storage: {backend: s3, bucket: b, encryption: {kms: k, HERE}}",
        "storage: {backend: file, directory: /b, HERE}",
        "storage: {backend: rsync, host: h, module: m, HERE}",
        "storage: {backend: rsync, host: h, module: m, user: u, password: {env: P, HERE}}",
        "reboot_lock: {directory: /r, name: n, HERE}",
        "icinga: {transport: nsca, host: h, HERE}",
        "icinga: {transport: api, url: 'https://i', user: u, password: {env: P}, HERE}",
        "icinga: {transport: api, url: 'https://i', user: u, password: {env: P, HERE}}",
        "defaults: {HERE}",
        "servers: {s: {dbms: postgresql, host: h, machine: m, HERE}}",
        "servers: {s: {dbms: postgresql, host: h, machine: m, password: {env: P, HERE}}}",
        "databases: {d: {server: s, name: n, path: p, HERE}}",
        "syncs: {d: {from: e, HERE}}",
        "backups: {d: {HERE}}",
        "buckets: {b: {bucket: b, HERE}}",
        "buckets: {b: {bucket: b, encryption: {kms: k, HERE}}}",
        "bucket_syncs: {b: {from: e, machine: m, HERE}}",
        "HERE",
    ],
)
def test_an_unknown_key_is_told_with_what_is_known_wherever_it_stands(holder: str) -> None:
    problems = read_file("f.yaml", holder.replace("HERE", "qqqq: 1").encode()).problems
    told = [problem for problem in map(str, problems) if "unknown key 'qqqq'" in problem]
    assert len(told) == 1
    assert "; accepted: '" in told[0]
