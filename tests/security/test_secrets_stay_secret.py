"""Marked secrets are in no output, file, argument or variable, whatever the program is asked to do.

Every task is run, every engine and storage used, well and badly; then every byte is searched.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyrage
import pytest

from envsync.tasks.program import operators
from tests.live.scratch import make_scratch
from tests.live.site import Site
from tests.live.temporary import temporary_site
from tests.security.marks import HOSTILE, Mark, files, leaks, mark
from tests.security.watching import Watch
from tests.servers.nsca import NscaServer
from tests.servers.ports import free_port
from tests.servers.postgresql import Postgresql, PostgresqlServer
from tests.servers.s3 import S3Server

pytestmark = pytest.mark.live

TASKS: dict[str, tuple[str, ...]] = {
    "plan": ("plan", "plan --format json", "plan --format markdown --all"),
    "sync": (
        "sync app --dry-run",
        "sync app --log-format json",
        "--debug sync app",
        "sync app --timestamp 1999",
    ),
    "push": ("push app --env production", "push app --env production --dry-run"),
    "pull": ("pull app", "pull app --log-format json", "pull app --dry-run"),
    "nightly": ("nightly --env integration", "nightly --dry-run", "nightly --log-format json"),
    "verify": ("verify app", "verify app --dry-run", "verify app --log-format json"),
    "rollback": ("rollback app --env integration",),
    "doctor": ("doctor",),
    "hold": ("hold app --env integration --until 2099-01-01 --because testing",),
    "holds": ("holds",),
    "unhold": ("unhold app --env integration",),
    "backups": ("backups app --env production",),
    "status": ("status",),
    "history": ("history app",),
    "schema": ("schema",),
    "prune": ("prune", "prune --dry-run --env production"),
    "sanitise.init": ("sanitise.init app --output drafted.columns.yaml", "sanitise.init nobody"),
    "sanitise.try": ("sanitise.try app", "sanitise.try app --dry-run"),
    "sanitise.lint": ("sanitise.lint", "sanitise.lint app"),
}
"""Every task there is, in ways that succeed and in some that are refused."""
ENDS = {"sanitise.lint": 1}
"""How tasks end that find something to mend in a site as tests have it."""


@dataclass(slots=True)
class World:
    """A site all of whose secrets are marked, and the watch on all that runs there."""

    site: Site
    watch: Watch
    marks: list[Mark]
    server: S3Server
    bucket: str
    changes: dict[str, dict[str, Any]] = field(default_factory=dict)

    def run(self, request: str, **environment: str) -> tuple[int, str]:
        """Run the program under watch."""
        usual = dict(self.site.environment)
        self.site.environment |= environment
        try:
            return self.watch.run(request, self.site.start(*request.split()))
        finally:
            self.site.environment = usual

    def kept(self, what: str, text: str = "{word}" + HOSTILE) -> Mark:
        """Make one more secret that must not be found."""
        self.marks.append(mark(what, text))
        return self.marks[-1]

    def another(self, what: str, text: str = "{word}" + HOSTILE) -> dict[str, str]:
        """Make one more secret; returns where it is, as an inventory has it."""
        return secret_file(self.site.folder, self.kept(what, text))

    def secret(self, made: Mark) -> dict[str, str]:
        """Keep a secret that has been made; returns where it is."""
        self.marks.append(made)
        return secret_file(self.site.folder, made)

    def change(self, **more: dict[str, Any]) -> None:
        """Write the inventories, with something else than usual."""
        names = ("production", "integration")
        self.site.write(**{each: self.changes[each] | more.get(each, {}) for each in names})

    def leaks(self) -> list[str]:
        """Say what can be found of any secret, anywhere."""
        spared = ("secrets", "inventories")
        kept = [each for each in self.site.folder.iterdir() if each.name not in spared]
        texts = [*self.watch.texts, *files(*kept), *self._objects()]
        texts += [(each.name, each.read_bytes()) for each in kept if each.is_file()]
        return leaks(self.marks, texts)

    def _objects(self) -> Iterator[tuple[str, bytes]]:
        client = self.server.client()
        for found in client.list_objects_v2(Bucket=self.bucket).get("Contents", ()):
            whole = client.get_object(Bucket=self.bucket, Key=found["Key"])
            yield found["Key"], f"{found['Key']}\n{whole['Metadata']}".encode()
            yield found["Key"], whole["Body"].read()


def secret_file(folder: Path, made: Mark) -> dict[str, str]:
    """Write a secret where an inventory can say that it is; such files are not searched."""
    (folder / "secrets").mkdir(exist_ok=True, mode=0o700)
    file = folder / "secrets" / made.what.replace(" ", "_")
    file.touch(mode=0o600)
    file.write_text(made.text, encoding="utf-8")
    return {"file": str(file)}


def give_password(server: PostgresqlServer, role: str, password: Mark) -> None:
    escaped = password.text.replace("'", "''").replace("\\", "\\\\")
    server.run(f"ALTER ROLE \"{role}\" PASSWORD E'{escaped}'")


def identity(what: str = "age key") -> Mark:
    """Make a private key of age; all of it but how every one begins is its mark."""
    text = str(pyrage.x25519.Identity.generate())
    return Mark(what, text, text.removeprefix("AGE-SECRET-KEY-1"))


def public_half(key: Mark) -> str:
    return str(pyrage.x25519.Identity.from_str(key.text).to_public())


@pytest.fixture(scope="module")
def world(
    tmp_path_factory: pytest.TempPathFactory,
    postgresql: Postgresql,
    moto_server: S3Server,
    nsca: NscaServer,
    scratch_postgresql: PostgresqlServer,
) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("marked")
    source, target, scratch = (mark(f"{each} password") for each in ("source", "target", "scratch"))
    aws = [mark("AWS secret"), mark("AWS token"), mark("other variable")]
    key = identity()
    bucket = moto_server.make_bucket()
    storage = {
        "backend": "s3",
        "bucket": bucket,
        "region": "eu-west-1",
        "endpoint_url": moto_server.endpoint_url,
        "encrypt_to": [public_half(key)],
        "decrypt_with": {"env": "AGE_KEY"},
    }
    with temporary_site(folder, postgresql, storage) as site:
        watch = Watch(folder)
        watch.prepare()
        (folder / "temporary").mkdir()
        backup = site.production.role("backup", member_of=["pg_read_all_data"])
        drills = make_scratch(scratch_postgresql)
        for server, role, password in (
            (site.production, backup, source),
            (site.integration, site.admin, target),
            (drills.server, drills.admin, scratch),
        ):
            give_password(server, role, password)
        site.environment |= {
            **moto_server.environment,
            "PATH": f"{watch.programs}:{site.environment['PATH']}",
            "TMPDIR": str(folder / "temporary"),
            "AWS_SECRET_ACCESS_KEY": aws[0].text,
            "AWS_SESSION_TOKEN": aws[1].text.encode("ascii", "ignore").decode(),
            "UNRELATED": aws[2].text,
            "SOURCE_PASSWORD": source.text,
            "AGE_KEY": key.text,
        }
        icinga = {
            "transport": "nsca",
            "host": "127.0.0.1",
            "port": nsca.port,
            "config": str(nsca.folder / "send_nsca.cfg"),
        }
        changes = {
            "production": {
                "servers.postgres.user": backup,
                "servers.postgres.password": {"env": "SOURCE_PASSWORD"},
                "servers.scratch": {**drills.entry(), "password": secret_file(folder, scratch)},
                "databases.app.verify": {},
                "retention": {"keep_daily": 1, "keep_weekly": 1, "keep_monthly": 1},
                "icinga": icinga,
            },
            "integration": {
                "servers.postgres.password": secret_file(folder, target),
                "syncs.app.after_promote": ["/usr/bin/env"],
                "icinga": icinga,
            },
        }
        made = World(
            site, watch, [source, target, scratch, *aws, key], moto_server, bucket, changes
        )
        made.change()
        code, said = made.run("push app --env production")
        assert code == 0, said
        yield made


def tasks() -> set[str]:
    return set(operators().task_names)


def test_every_task_there_is_is_run_with_marked_secrets() -> None:
    assert tasks() == TASKS.keys()


@pytest.mark.parametrize("task", TASKS)
def test_no_task_writes_tells_or_shows_a_secret(world: World, task: str) -> None:
    ended = {request: world.run(request) for request in TASKS[task]}
    code, said = next(iter(ended.values()))
    assert code == ENDS.get(task, 0), said
    assert world.leaks() == []


GIVEN = {
    "pg_dump": {"pgpass"},
    "pg_restore": {"pgpass", "wanted", "archive"},
    "age": {"identity"},
    "env": set[str](),
    "send_nsca": set[str](),
}
"""The files in memory that each program may be given: what it needs to do its part, no more."""
USUAL = {"PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "PWD", "SHLVL", "_", "LC_CTYPE"}
VARIABLES = {
    "pg_dump": {"PGPASSFILE", "PGAPPNAME"},
    "pg_restore": {"PGPASSFILE", "PGAPPNAME", "PGOPTIONS"},
    "env": {"ENVSYNC_ENVIRONMENT", "ENVSYNC_DATABASE"},
}
"""The variables that each program may be given, besides those that any may have."""


def test_each_program_is_given_what_it_needs_and_no_more(world: World) -> None:
    for request in ("sync app", "verify app"):
        code, said = world.run(request)
        assert code == 0, said
    children = world.watch.children()
    assert {each.program for each in children} == GIVEN.keys()
    for child in children:
        assert child.memory_files <= GIVEN[child.program], child.program
        assert child.names <= USUAL | VARIABLES.get(child.program, set()), child.program
    assert world.leaks() == []


WRONG: dict[str, Callable[[World], dict[str, dict[str, Any]]]] = {
    "password of the source": lambda world: {
        "production": {"servers.postgres.password": world.another("wrong source password")}
    },
    "password of the target": lambda world: {
        "integration": {"servers.postgres.password": world.another("wrong target password")}
    },
    "password of two lines": lambda world: {
        "production": {
            "servers.postgres.password": world.another("broken password", "{word}\n{word}")
        }
    },
    "password itself": lambda world: {
        "integration": {"servers.postgres.password": world.kept("a password itself").text}
    },
    "server that is down": lambda _: {"production": {"servers.postgres.port": free_port()}},
    "key that is none": lambda world: {
        "production": {
            "storage.decrypt_with": world.another("broken key", "AGE-SECRET-KEY-1{word}")
        }
    },
    "key of somebody else": lambda world: {
        "production": {"storage.decrypt_with": world.secret(identity("another's key"))}
    },
    "private key for a public one": lambda world: {
        "production": {
            "storage.encrypt_to": [world.kept("a key itself", "AGE-SECRET-KEY-1{word}").text]
        }
    },
    "bucket that is not there": lambda _: {"production": {"storage.bucket": "nowhere-to-be-found"}},
    "program that fails": lambda _: {"integration": {"syncs.app.after_promote": ["/bin/false"]}},
}
"""What may be wrong, so that every run fails or is refused."""


@pytest.mark.parametrize("wrong", WRONG)
def test_no_failure_tells_a_secret(world: World, wrong: str) -> None:
    world.change(**WRONG[wrong](world))
    try:
        for request in ("sync app", "nightly --log-format json", "--debug sync app"):
            code, said = world.run(request)
            assert (code != 0, "a bug in envsync" in said) == (True, False), said
        assert "Traceback" not in world.run("doctor")[1]
    finally:
        world.change()
    assert world.leaks() == []


def test_no_failing_script_tells_a_secret(world: World) -> None:
    for script in ("SELECT 1/0;", "SELECT nothing;", "UPDATE people SET town = NULL;"):
        world.site.script(script, "SELECT * FROM people;")
        code, said = world.run("sync app")
        assert code == 1, said
    world.site.script()
    assert world.leaks() == []


def planted(folder: Path, program: str) -> dict[str, str]:
    """Have Python run something of the test's own as it starts, to break what envsync relies on."""
    plant = folder / "secrets" / "planted"
    plant.mkdir(exist_ok=True)
    (plant / "sitecustomize.py").write_text(program)
    return {"PYTHONPATH": f"{plant}:{Path.cwd()}"}


BUGS = {
    "in the connection": """
import psycopg
def broken(*arguments, **named):
    raise ValueError("planted")
psycopg.Connection.connect = classmethod(broken)
""",
    "in the compressor": """
import zstandard
class Broken(zstandard.ZstdCompressionParameters):
    @staticmethod
    def from_level(*arguments, **named):
        raise KeyError("planted")
zstandard.ZstdCompressionParameters = Broken
""",
    "with the secret in its message": """
import psycopg
def broken(cls, *arguments, password=None, **named):
    raise UnicodeEncodeError("utf-8", str(password), 0, 1, "planted")
psycopg.Connection.connect = classmethod(broken)
""",
}


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_shows_where_it_is_and_no_secret(world: World, bug: str) -> None:
    for request in ("sync app", "nightly"):
        code, said = world.run(request, **planted(world.site.folder, BUGS[bug]))
        assert (code, "Traceback" in said, "planted" in said) == (1, True, True), said
    assert world.leaks() == []


def test_a_program_that_falls_leaves_no_core(world: World) -> None:
    program = """
import pathlib, sys, zstandard
class Looking(zstandard.ZstdCompressionParameters):
    @staticmethod
    def from_level(*arguments, **named):
        limits = pathlib.Path("/proc/self/limits").read_text().splitlines()
        raise KeyError(next(line for line in limits if line.startswith("Max core")))
zstandard.ZstdCompressionParameters = Looking
"""
    _, said = world.run("push app --env production", **planted(world.site.folder, program))
    assert "Max core file size        0 " in said, said
