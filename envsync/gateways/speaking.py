"""The dry run: eyes that look, hands that only say what they would do."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Protocol

from envsync.artefacts import Manifest
from envsync.commands import Command, Measured, Published
from envsync.commands.buckets import CopyObjects
from envsync.errors import MissingSecretError, UnavailableError
from envsync.facts import Facts, PullFactsBase
from envsync.gateways.cleaning import with_script
from envsync.gateways.engines import engine
from envsync.gateways.hands import Hands
from envsync.gateways.scope import SilentMeter
from envsync.questions import PullQuestion, Question
from envsync.questions.buckets import ObserveCopy

Say = Callable[[str], None]


class Named(Protocol):
    """A step, as far as a dry run shows it."""

    @property
    def number(self) -> int:
        """Its place in the plan."""

    @property
    def action(self) -> object:
        """What it does."""


class Eyes(Protocol):
    """What looks at servers and storages for a step."""

    def observe(self, question: Question) -> Facts:
        """Answer what a step must know; raises EnvsyncError where it cannot be known."""

    def cancel(self, reason: str) -> None:
        """Make whatever is looked at end in InterruptedStepError."""


def _real_eyes(step: Named) -> Hands:
    """Open hands that are only looked through."""
    del step
    return Hands(SilentMeter())


class Speaking:
    """Shows the commands of every step, in order, and touches nothing.

    What cannot be seen from here is assumed, and said to be. An artefact that a push would have
    published is there for the pulls that follow it, and a bucket that a copy would have changed is
    about to change.
    """

    def __init__(
        self, say: Say, eyes: Callable[[Named], AbstractContextManager[Eyes]] = _real_eyes
    ) -> None:
        self._say = say
        self._eyes = eyes
        self._notes: set[str] = set()
        self._published: dict[tuple[str, str], Manifest] = {}
        self._copied: set[str] = set()

    @contextmanager
    def session(self, step: Named) -> Iterator["_Voice"]:
        """Open a session that speaks, under the step's name as soon as it has something to do."""
        with self._eyes(step) as eyes:
            yield _Voice(eyes, self, f"# step {step.number}: {step.action}")

    def say(self, line: str) -> None:
        self._say(line)

    def note(self, line: str) -> None:
        """Say something once, however often it is found."""
        if line not in self._notes:
            self._notes.add(line)
            self._say(line)

    def publish(self, published: Published) -> None:
        """Remember what a push would have published."""
        manifest = published.manifest
        self._published[published.storage.url, manifest.name] = manifest

    def copy(self, command: CopyObjects) -> None:
        """Remember which bucket a copy would have changed."""
        self._copied.add(command.target.url)

    def copied(self, question: ObserveCopy) -> bool:
        """Tell whether an earlier step would have changed the source."""
        return question.source.url in self._copied

    def published(self, question: PullQuestion) -> Manifest | None:
        """Return what an earlier step would have published."""
        return self._published.get((question.wanted.storage.url, question.wanted.name))


class _Voice:
    def __init__(self, eyes: Eyes, speaking: Speaking, heading: str) -> None:
        self._eyes = eyes
        self._speaking = speaking
        self._heading = heading
        self.measured = Measured()

    def cancel(self, reason: str) -> None:
        self._eyes.cancel(reason)

    def observe(self, question: Question) -> Facts:
        """Look; where that fails because it cannot be done from here, say so and assume."""
        published = None
        if isinstance(question, PullQuestion):
            published = self._speaking.published(question)
            if published:
                question = replace(question, wanted=replace(question.wanted, awaited=True))
        if isinstance(question, ObserveCopy) and self._speaking.copied(question):
            question = replace(question, awaited=True)
        try:
            facts = self._eyes.observe(question)
        except (UnavailableError, MissingSecretError) as error:
            self._speaking.note(f"# not seen from here, assumed to be in order: {error}")
            facts = engine(question.dbms).assume(question)
            if isinstance(question, PullQuestion):
                facts = with_script(question.wanted, facts)
        if published and isinstance(facts, PullFactsBase):
            return replace(facts, manifest=published)
        return facts

    def perform(self, command: Command) -> None:
        """Say a command."""
        self._speaking.note(self._heading)
        for line in command.lines():
            self._speaking.say(line)
        published = command.publishes()
        if published:
            self._speaking.publish(published)
        if isinstance(command, CopyObjects):
            self._speaking.copy(command)
