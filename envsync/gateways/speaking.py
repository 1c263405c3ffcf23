"""The dry run: eyes that look, hands that only say what they would do."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Protocol

from envsync import commands as c
from envsync.artefacts import Manifest
from envsync.errors import EnvsyncError, MissingSecretError, UnavailableError
from envsync.facts import Client, Database, PullFacts, PushFacts, Server
from envsync.gateways.hands import Hands
from envsync.gateways.postgresql.clients import installed
from envsync.gateways.scope import SilentMeter
from envsync.version import VERSION

Say = Callable[[str], None]


class Named(Protocol):
    """A step, as far as a dry run shows it."""

    @property
    def number(self) -> int:
        """Its place in the plan."""

    @property
    def action(self) -> object:
        """What it does."""


class Speaking:
    """Shows the commands of every step, in order, and touches nothing.

    What cannot be seen from here is assumed, and said to be. An artefact that a push would have
    published is there for the pulls that follow it.
    """

    def __init__(self, say: Say) -> None:
        self._say = say
        self._notes: set[str] = set()
        self._published: dict[tuple[str, str], Manifest] = {}

    @contextmanager
    def session(self, step: Named) -> Iterator["_Voice"]:
        """Open a session that speaks, under the step's name as soon as it has something to do."""
        with Hands(SilentMeter()) as eyes:
            yield _Voice(eyes, self, f"# step {step.number}: {step.action}")

    def say(self, line: str) -> None:
        self._say(line)

    def note(self, line: str) -> None:
        """Say something once, however often it is found."""
        if line not in self._notes:
            self._notes.add(line)
            self._say(line)

    def publish(self, command: c.Publish) -> None:
        """Remember what a push would have published."""
        manifest = command.manifest
        self._published[command.location.storage.url, manifest.name] = manifest

    def published(self, question: c.ObservePull) -> Manifest | None:
        """Return what an earlier step would have published."""
        return self._published.get((question.storage.url, question.name))


class _Voice:
    def __init__(self, eyes: Hands, speaking: Speaking, heading: str) -> None:
        self._eyes = eyes
        self._speaking = speaking
        self._heading = heading
        self.measured = c.Measured()

    def cancel(self, reason: str) -> None:
        self._eyes.cancel(reason)

    def observe(self, question: c.Question) -> PushFacts | PullFacts:
        """Look; where that fails because it cannot be done from here, say so and assume."""
        match question:
            case c.ObservePush():
                return self._observe_push(question)
            case c.ObservePull():
                return self._observe_pull(question)

    def _observe_push(self, question: c.ObservePush) -> PushFacts | PullFacts:
        try:
            return self._eyes.observe(question)
        except (UnavailableError, MissingSecretError) as error:
            self._assume(error)
        clients = installed(question.clients)
        server = _assumed_server(clients, question.source.endpoint.user)
        return PushFacts(clients, server, _assumed_database(question.source.database, server))

    def _observe_pull(self, question: c.ObservePull) -> PushFacts | PullFacts:
        published = self._speaking.published(question)
        try:
            facts = self._eyes.observe(replace(question, awaited=True) if published else question)
        except (UnavailableError, MissingSecretError) as error:
            self._assume(error)
            facts = _assumed_pull(question)
        if published and isinstance(facts, PullFacts):
            return replace(facts, manifest=published)
        return facts

    def perform(self, command: c.Command) -> None:
        """Say a command."""
        self._speaking.note(self._heading)
        for line in command.lines():
            self._speaking.say(line)
        if isinstance(command, c.Publish):
            self._speaking.publish(command)

    def _assume(self, error: EnvsyncError) -> None:
        self._speaking.note(f"# not seen from here, assumed to be in order: {error}")


def _assumed_server(clients: tuple[Client, ...], user: str | None) -> Server:
    major = max((client.major for client in clients), default=0)
    return Server(
        version=major * 10000,
        version_text=str(major),
        standby=False,
        user=user or "envsync",
        superuser=True,
        createdb=True,
        roles=frozenset(),
        member_of=frozenset(),
        assumed=True,
    )


def _assumed_database(name: str, server: Server) -> Database:
    return Database(name, server.user, 0, "UTF8", "C.UTF-8", "C.UTF-8", tables=1)


def _assumed_pull(question: c.ObservePull) -> PullFacts:
    clients = installed(question.clients)
    server = _assumed_server(clients, question.target.endpoint.user)
    manifest = Manifest(
        environment=question.environment,
        database=question.database,
        name=question.name,
        dbms="postgresql",
        stamp=str(question.now),
        format="dump.zst",
        row_counts="exact",
        server_version=server.version_text,
        client_version=server.version_text,
        envsync_version=VERSION,
    )
    live = _assumed_database(question.target.database, server)
    previous = _assumed_database(question.previous, server)
    return PullFacts(clients, server, live, previous, manifest)
