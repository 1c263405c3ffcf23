"""How MySQL and MariaDB are written to: names, literals, and the paths of sockets."""

from envsync.places import Endpoint


def quoted(name: str) -> str:
    """Quote an identifier."""
    return "`" + name.replace("`", "``") + "`"


def literal(text: str) -> str:
    """Show a text as SQL would; those that are sent are quoted by the driver."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def socket_of(endpoint: Endpoint) -> str | None:
    """Return the path of a server's socket, where its host is one or the folder of one."""
    if not endpoint.host.startswith("/"):
        return None
    return endpoint.host if endpoint.host.endswith(".sock") else f"{endpoint.host}/mysqld.sock"
