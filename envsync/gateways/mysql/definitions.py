"""Views, routines, triggers and events: read from a schema, created in another, dropped."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pymysql
from pymysql.constants import ER

from envsync.commands.mysql_text import quoted
from envsync.errors import CommandError
from envsync.gateways.mysql.objects import Manner, Object, in_order
from envsync.gateways.mysql.session import Session, code, said

_VIEWS = "SELECT TABLE_NAME FROM information_schema.VIEWS WHERE TABLE_SCHEMA = %s ORDER BY 1"
_ROUTINES = """
SELECT ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES
 WHERE ROUTINE_SCHEMA = %s ORDER BY 1, 2
"""
_TRIGGERS = """
SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = %s
 ORDER BY EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER
"""
_EVENTS = "SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = %s ORDER BY 1"
_ACCOUNTS = "SELECT User, Host FROM mysql.user"
_MAY_NOT = frozenset({ER.SPECIFIC_ACCESS_DENIED_ERROR, ER.ACCESS_DENIED_ERROR})
_GONE = frozenset(
    {
        *(ER.NO_SUCH_TABLE, ER.BAD_FIELD_ERROR, ER.VIEW_INVALID, ER.SP_DOES_NOT_EXIST),
        *(ER.WRONG_OBJECT, ER.TABLE_EXISTS_ERROR),
    }
)
"""What a server says of an object whose tables are no longer there, or no longer what they were."""
# What an object's own text was written in, as far as it is not Unicode.
_ENCODINGS = {"latin1": "cp1252", "ascii": "ascii", "latin2": "iso8859-2", "sjis": "shift_jis"}


def objects_of(session: Session, schema: str) -> list[Object]:
    """Return the objects of the session's schema, as the server tells them."""
    return [
        *(_routine(session, kind, name) for kind, name in session.run(_ROUTINES, (schema,))),
        *(_view(session, name).at_home(schema) for (name,) in session.run(_VIEWS, (schema,))),
        *(_trigger(session, name) for (name,) in session.run(_TRIGGERS, (schema,))),
        *(_event(session, name) for (name,) in session.run(_EVENTS, (schema,))),
    ]


def _view(session: Session, name: str) -> Object:
    ((_, text, character_set, collation),) = session.run(f"SHOW CREATE VIEW {quoted(name)}")
    return _object("VIEW", name, text, Manner("", character_set, collation))


def _routine(session: Session, kind: str, name: str) -> Object:
    row = session.run(f"SHOW CREATE {kind} {quoted(name)}")[0]
    _, sql_mode, text, character_set, collation, *_ = row
    return _object(kind, name, text, Manner(sql_mode, character_set, collation))


def _trigger(session: Session, name: str) -> Object:
    row = session.run(f"SHOW CREATE TRIGGER {quoted(name)}")[0]
    _, sql_mode, text, character_set, collation, *_ = row
    return _object("TRIGGER", name, text, Manner(sql_mode, character_set, collation))


def _event(session: Session, name: str) -> Object:
    row = session.run(f"SHOW CREATE EVENT {quoted(name)}")[0]
    _, sql_mode, time_zone, text, character_set, collation, *_ = row
    return _object("EVENT", name, text, Manner(sql_mode, character_set, collation, time_zone))


def _object(kind: str, name: str, text: str | None, manner: Manner) -> Object:
    if text is None:
        raise CommandError(
            f"the account of envsync may not see how {kind.lower()} {name!r} is defined; on "
            "MariaDB GRANT SELECT ON mysql.proc, on MySQL GRANT SHOW_ROUTINE ON *.* mends that"
        )
    return Object(kind, name, text.encode(_encoding(manner)), manner)


def _encoding(manner: Manner) -> str:
    return _ENCODINGS.get(manner.character_set, "utf-8")


def accounts(session: Session) -> frozenset[bytes]:
    """Return the accounts of a server, quoted as in DEFINER clauses."""
    return frozenset(_account(user, host) for user, host in session.run(_ACCOUNTS))


def own_account(session: Session) -> bytes:
    """Return the account a session acts as, quoted."""
    ((whole,),) = session.run("SELECT CURRENT_USER()")
    user, _, host = whole.rpartition("@")
    return _account(user, host)


def _account(user: str, host: str) -> bytes:
    return f"{quoted(user)}@{quoted(host)}".encode() if host else quoted(user).encode()


def create(
    session: Session, objects: Iterable[Object], *, mariadb: bool, whole: bool
) -> tuple[str, ...]:
    """Create objects in the session's schema, over those of the same names; returns warnings.

    Whose definer is not there, or must not be named by this account, runs as this account. Where
    they need not be there as a `whole`, those are left out whose tables are not.
    """
    waiting = list(in_order(objects))
    if not waiting:
        return ()
    maker = _Maker(session, accounts(session), own_account(session), mariadb, whole, [])
    try:
        while waiting:
            left = [each for each in waiting if not maker.makes(each)]
            if len(left) == len(waiting):
                names = ", ".join(map(str, left))
                why = f"cannot create {names}: what they are made of is not there"
                if whole:
                    raise CommandError(why)
                maker.warnings.append(why)
                break
            waiting = left
    finally:
        maker.as_at_first()
    return tuple(maker.warnings)


@dataclass(frozen=True, slots=True)
class _Maker:
    """Creates objects one by one, for the length of one exchange."""

    session: Session
    known: frozenset[bytes]
    own: bytes
    mariadb: bool
    whole: bool
    warnings: list[str]

    def makes(self, each: Object) -> bool:
        """Create an object; False for a view that names one which is not there yet."""
        try:
            self._make(each)
        except pymysql.Error as error:
            if each.kind == "VIEW" and code(error) == ER.NO_SUCH_TABLE:
                return False
            why = f"cannot create {each}: {said(error)}"
            if self.whole or code(error) not in _GONE:
                raise CommandError(why) from None
            self.warnings.append(why)
        return True

    def _make(self, each: Object) -> None:
        definer = each.definer
        if definer is not None and definer not in self.known:
            self._warn(each, f"its definer {_shown(definer)} is not on the target")
            each = each.defined_by(self.own)
        try:
            self._put(each)
        except pymysql.Error as error:
            if definer is None or code(error) not in _MAY_NOT or each.definer == self.own:
                raise
            self._warn(each, f"envsync may not make {_shown(definer)} its definer")
            self._put(each.defined_by(self.own))

    def _warn(self, each: Object, why: str) -> None:
        self.warnings.append(f"{each} runs as {_shown(self.own)}: {why}")

    def _put(self, each: Object) -> None:
        manner = each.manner
        self.session.run(
            "SET SESSION sql_mode = %s, character_set_client = %s, collation_connection = %s, "
            "time_zone = %s",
            (manner.sql_mode, manner.character_set, manner.collation, manner.time_zone),
        )
        if self.mariadb or each.kind == "VIEW":
            self.session.send(each.replacing())
        else:
            self.session.send(f"DROP {each.kind} IF EXISTS {quoted(each.name)}".encode())
            self.session.send(each.statement)

    def as_at_first(self) -> None:
        self.session.send(b"SET NAMES utf8mb4")
        self.session.send(b"SET SESSION sql_mode = DEFAULT, time_zone = DEFAULT")


def drop_objects(
    session: Session, objects: Iterable[Object], kinds: Sequence[str], keep: Iterable[Object] = ()
) -> None:
    """Drop objects of some kinds, where they are there, but not those to be kept."""
    kept = {(each.kind, each.name) for each in keep}
    for each in objects:
        if each.kind in kinds and (each.kind, each.name) not in kept:
            try:
                session.run(f"DROP {each.kind} IF EXISTS {quoted(each.name)}")
            except pymysql.Error as error:
                # A table bears the name of the view by now.
                if code(error) != ER.WRONG_OBJECT:
                    raise


def _shown(account: bytes) -> str:
    return account.decode(errors="replace")
