"""Who could read the quarantine: users whose roles cover a database that no role should name."""

from collections.abc import Iterable, Mapping
from typing import Any

from envsync.errors import CommandError
from envsync.gateways.mongo.session import ADMIN, Session

_READ = {"find", "anyAction"}
_ADMINISTERS = {"grantRole", "anyAction"}
"""Who grants roles can give themselves any; there is nothing to be kept from them."""
_OPERATES = {("backup", "admin"), ("restore", "admin")}
"""Who holds one of these moves all there is: nothing is kept from them either."""
_WATCHES = {("clusterMonitor", "admin")}
"""What these cover of every database is how it fares, and none of its documents."""
_OPEN = (
    "the server asks nobody for a password: whoever reaches it can read what is not sanitised yet, "
    "in the database {}, until the pull ends"
)
_UNSEEN = (
    "who may read the database {}, where what is not sanitised yet lies until the pull ends, "
    "cannot be seen: it takes the role backup, or userAdminAnyDatabase; no role of an application "
    "may cover it, as readAnyDatabase does"
)


def exposed(session: Session, quarantine: str) -> tuple[tuple[str, ...], str | None]:
    """Return the users that could read the quarantine, and what cannot be known of others."""
    status = session.admin({"connectionStatus": 1})["authInfo"]["authenticatedUsers"]
    if not status:
        return (), _OPEN.format(quarantine)
    own = {(user["user"], user["db"]) for user in status}
    try:
        users = _users(session)
        roles = {(role["role"], role["db"]) for user in users for role in user["roles"]}
        known = _privileges(session, roles)
    except CommandError:
        return (), _UNSEEN.format(quarantine)
    return tuple(
        f"{user['user']}@{user['db']}"
        for user in users
        if (user["user"], user["db"]) not in own and _reads(user["roles"], known, quarantine)
    ), None


def _users(session: Session) -> list[dict[str, Any]]:
    """Return all users: as the server tells them, or as the role `backup` may read them."""
    try:
        return list(session.admin({"usersInfo": {"forAllDBs": True}})["users"])
    except CommandError:
        fields = {"user": 1, "db": 1, "roles": 1}
        return session.listed(ADMIN, {"find": "system.users", "projection": fields})


def _privileges(
    session: Session, roles: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], list[Mapping[str, Any]]]:
    named = [{"role": role, "db": database} for role, database in roles]
    if not named:
        return {}
    found = session.admin({"rolesInfo": named, "showPrivileges": True})["roles"]
    return {
        (role["role"], role["db"]): role.get("inheritedPrivileges") or role.get("privileges", [])
        for role in found
    }


def _reads(
    roles: Iterable[Mapping[str, Any]],
    known: Mapping[tuple[str, str], list[Mapping[str, Any]]],
    quarantine: str,
) -> bool:
    """Tell whether roles that make neither administrator nor operator cover a database."""
    names = {(role["role"], role["db"]) for role in roles}
    privileges = [each for name in names - _WATCHES for each in known.get(name, [])]
    if names & _OPERATES or any(_ADMINISTERS & set(each["actions"]) for each in privileges):
        return False
    return any(
        _covers(each["resource"], quarantine) and _READ & set(each["actions"])
        for each in privileges
    )


def _covers(resource: Mapping[str, Any], database: str) -> bool:
    if resource.get("anyResource"):
        return True
    return resource.get("db") in {"", database}
