"""Buckets' eyes and hands: what answers each question, what carries out each command."""

from envsync.commands import Command, Measured
from envsync.commands import buckets as b
from envsync.facts import Facts
from envsync.facts.buckets import CopyFacts
from envsync.gateways.buckets.copying import copy_objects
from envsync.gateways.buckets.counting import counted
from envsync.gateways.buckets.deleting import delete_objects
from envsync.gateways.buckets.sides import sides
from envsync.gateways.engines import Work
from envsync.gateways.scope import Scope
from envsync.questions import Question
from envsync.questions.buckets import ObserveCopy


def observe(question: Question, scope: Scope) -> Facts:
    """Compare the buckets; raises EnvsyncError where one of them cannot be read."""
    if not isinstance(question, ObserveCopy):
        raise TypeError(f"not a question about buckets: {question!r}")
    changes = counted(sides(question.source, question.target), scope)
    return CopyFacts(changes, question.awaited)


def assume(question: Question) -> Facts:
    """What a dry run takes for granted where it cannot look: that nothing has to be refused."""
    if not isinstance(question, ObserveCopy):
        raise TypeError(f"not a question about buckets: {question!r}")
    return CopyFacts(None, question.awaited)


def perform(command: Command, work: Work) -> Measured | None:
    """One line a command: the table of what carries out what."""
    match command:
        case b.CopyObjects():
            return copy_objects(command, sides(command.source, command.target), work.scope)
        case b.DeleteObjects():
            return delete_objects(command, sides(command.source, command.target), work.scope)
        case _:
            raise TypeError(f"not a command about buckets: {command!r}")
