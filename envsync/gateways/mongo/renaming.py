"""Renaming collections: no reader finds one missing, and after a failure all are renamed back.

renameCollection drops what bears the new name, or refuses. As an operation of applyOps it moves
that out of the way, to a name like tmpAbCdE.rename, under the lock under which it renames (MongoDB,
renameCollectionForApplyOps); so what was live goes on as the previous, and no moment is without.

Names that are not reserved are the application's as well, which may drop or make their collections
at any moment: no rename, forth or back, takes for granted that one is still there, or still not.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from envsync.commands.mongo import RESERVED
from envsync.errors import CommandError, UnavailableError
from envsync.gateways.mongo.session import Session, code

_NOT_FOUND = 26
_CANNOT = {13, 20, 48, 59, 73, 115, 238, 303}
"""Unauthorized, IllegalOperation, NamespaceExists, CommandNotFound, and their like."""
_NOTHING = ""
"""Where a collection went that was not there."""
_ASIDE = re.compile(r"tmp[A-Za-z0-9]{5}\.rename")


@dataclass(frozen=True, slots=True)
class _Done:
    """A rename that was done; `exchanged` is where what bore the new name went, if anything did."""

    old: str
    new: str
    exchanged: str | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    """A rename that the server has not answered yet; `before` is what an exchange found."""

    old: str
    new: str
    before: Mapping[str, object] = field(default_factory=dict)

    def outcome(self, after: Mapping[str, object]) -> _Done | None:
        """Tell whether it was done, by what is there afterwards; None if it was not."""
        moved = None
        if self.before:
            done = self.old not in after
            moved = _moved(self.new, self.before, after) or None
        elif self.new.startswith(RESERVED):
            # Nobody but envsync makes or drops what bears such a name.
            done = self.new in after
        else:
            done = self.old not in after
        return _Done(self.old, self.new, moved) if done else None


class Renaming:
    """The renames of one promote, in the order in which they are done.

    One whose answer was lost with a connection may have been done, and is undone if it was.
    """

    def __init__(self, session: Session, database: str, *, at_once: bool) -> None:
        self._session = session
        self._database = database
        self._at_once = at_once
        self._done: list[_Done] = []
        self._asked: _Asked | None = None
        self.gaps = False

    def rename(self, old: str, new: str, *, over: bool = False) -> None:
        """Give a collection a name that nothing bears, or `over` what does, which is dropped."""
        self._asked = _Asked(old, new)
        self._session.admin(self._command(old, new, over=over))
        self._answered(_Done(old, new))

    def put_aside(self, old: str, new: str) -> bool:
        """Rename a collection if it is still there, which is told."""
        try:
            self.rename(old, new)
        except CommandError as error:
            if code(error) != _NOT_FOUND:
                raise
            self._answered(None)
            return False
        return True

    def replace(self, old: str, new: str, keep: str) -> None:
        """Give a collection a name; what bears it, if anything does, is kept under a third."""
        moved = self._exchanged(old, new) if self._at_once else None
        if moved is not None:
            self._answered(_Done(old, new, moved or None))
            if moved != _NOTHING:
                self.put_aside(moved, keep)
            return
        if self.put_aside(new, keep):
            self.gaps = True
        self.rename(old, new, over=True)

    def undo(self) -> None:
        """Rename back, the last one first; one that cannot be leaves the others to be."""
        if self._asked is not None:
            # It may still wait for a lock on the server, and would be done after it was looked for.
            self._session.kill()
            self._answered(self._asked.outcome(self._identities()))
        failed: CommandError | None = None
        while self._done:
            try:
                self._undo(self._done.pop())
            except UnavailableError:
                raise
            except CommandError as error:
                failed = failed or error
        if failed is not None:
            raise failed

    def _undo(self, last: _Done) -> None:
        if last.exchanged is None:
            self._rename_back(last.new, last.old)
            return
        moved = self._exchanged(last.exchanged, last.new)
        if moved is None:
            self._rename_back(last.new, last.old)
            self._rename_back(last.exchanged, last.new)
        elif moved != _NOTHING:
            self._rename_back(moved, last.old)

    def _rename_back(self, old: str, new: str) -> None:
        """Rename if it is still there, over what an application may have made in its absence."""
        try:
            self._session.admin(self._command(old, new, over=not new.startswith(RESERVED)))
        except CommandError as error:
            if code(error) != _NOT_FOUND:
                raise

    def _command(self, old: str, new: str, *, over: bool) -> Mapping[str, object]:
        return {
            "renameCollection": self._named(old),
            "to": self._named(new),
            **({"dropTarget": True} if over else {}),
        }

    def _exchanged(self, old: str, new: str) -> str | None:
        """Rename over another collection; returns where that went, None where it cannot be done.

        What bore the name as it was taken went out of the way under a name of the server's, or
        there was nothing.
        """
        before = self._identities()
        operation = {
            "op": "c",
            "ns": f"{self._database}.$cmd",
            "o": {
                "renameCollection": self._named(old),
                "to": self._named(new),
                "stayTemp": False,
                "dropTarget": False,
            },
        }
        if before.get(old) is None or (new in before and before[new] is None):
            return None
        self._asked = _Asked(old, new, before)
        try:
            self._session.admin({"applyOps": [operation]})
        except CommandError as error:
            if code(error) in _CANNOT:
                self._at_once = False
                return None
            raise
        return _moved(new, before, self._identities())

    def _answered(self, done: _Done | None) -> None:
        self._asked = None
        if done is not None:
            self._done.append(done)

    def _identities(self) -> dict[str, object]:
        found = self._session.listed(self._database, {"listCollections": 1})
        return {each["name"]: each.get("info", {}).get("uuid") for each in found}

    def _named(self, name: str) -> str:
        return f"{self._database}.{name}"


def _moved(new: str, before: Mapping[str, object], after: Mapping[str, object]) -> str:
    """Return where what bore a name went when another collection got it."""
    taken = before.get(new)
    moved = [name for name, identity in after.items() if taken is not None and identity == taken]
    made_again = [name for name in after if name not in before and _ASIDE.fullmatch(name)]
    return next(iter((*moved, *made_again)), _NOTHING)


@contextmanager
def renaming(session: Session, database: str, *, at_once: bool) -> Iterator[Renaming]:
    """Rename what the block says, all of it or nothing."""
    renames = Renaming(session, database, at_once=at_once)
    try:
        yield renames
    except CommandError as error:
        try:
            renames.undo()
        except CommandError as again:
            raise CommandError(
                f"cannot put all collections of {database!r} in their place: {error}; nor rename "
                f"back those that were: {again}; pull again"
            ) from error
        raise type(error)(
            f"cannot put the collections of {database!r} in their place: {error}; what was live "
            "still is"
        ) from error
