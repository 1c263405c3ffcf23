"""Where narrative goes: standard error, as lines or as JSON, and syslog where there is one."""

import json
import logging
import logging.handlers
from datetime import UTC, datetime
from pathlib import Path

from envsync.errors import RefusedError

_SYSLOG = Path("/dev/log")
_OWN_FIELDS = "told"


class _Json(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "time": _moment(record),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        return json.dumps({**told, **getattr(record, _OWN_FIELDS, {})}, ensure_ascii=False)


class _Plain(logging.Formatter):
    """A timestamp in UTC, then the message, for a terminal or a cron mail."""

    def format(self, record: logging.LogRecord) -> str:
        level = "" if record.levelno < logging.WARNING else f"{record.levelname.lower()}: "
        return f"{_moment(record)} {level}{record.getMessage()}"


def _moment(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_FORMATTERS: dict[str, type[logging.Formatter]] = {"plain": _Plain, "json": _Json}


def set_up(log_format: str, handler: logging.Handler | None = None) -> logging.Logger:
    """Send envsync's log, and nobody else's, to standard error or another handler, and to syslog.

    Raises RefusedError for a format other than plain and json.
    """
    if log_format not in _FORMATTERS:
        raise RefusedError(f"no log format {log_format!r}; there are {', '.join(_FORMATTERS)}")
    logger = logging.getLogger("envsync")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    shown = handler or logging.StreamHandler()
    shown.setFormatter(_FORMATTERS[log_format]())
    logger.handlers = [shown]
    # What libraries log may quote rows, and says nothing that envsync's own sentences do not.
    logging.getLogger().addHandler(logging.NullHandler())
    if _SYSLOG.is_socket():
        syslog = logging.handlers.SysLogHandler(str(_SYSLOG))
        syslog.setFormatter(logging.Formatter("envsync: %(message)s"))
        logger.addHandler(syslog)
    return logger


def tell(logger: logging.Logger, severity: str, message: str, told: dict[str, object]) -> None:
    """Log a message with the fields that a JSON log shows beside it."""
    logger.log(logging.getLevelNamesMapping()[severity], "%s", message, extra={_OWN_FIELDS: told})
