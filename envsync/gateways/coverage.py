"""The verdict on the columns of a copy: a failure or a warning where one was not decided on."""

from envsync.columns import Found
from envsync.commands import Measured
from envsync.commands.coverage import Gate
from envsync.coverage import Gone, differences, outdated, refusal
from envsync.errors import CommandError


def judge(gate: Gate, where: object, found: Found, *, optional: bool = False) -> Measured:
    """Compare what was found with what was decided; raises CommandError where that is strict.

    Fields of documents are `optional`: one that no document has at the moment is not gone.
    """
    decided = gate.classification
    differing = tuple(differences(decided, found, optional=optional, without=gate.without))
    undecided = [each for each in differing if not isinstance(each, Gone)]
    gone = [each for each in differing if isinstance(each, Gone)]
    warnings = (outdated(decided, gone),) if gone else ()
    if undecided:
        sentence = refusal(str(where), decided, undecided)
        if gate.strict:
            raise CommandError(f"{sentence}; nothing was promoted")
        warnings = (sentence, *warnings)
    return Measured(warnings=warnings)
