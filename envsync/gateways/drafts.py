"""Files that are written for a person to go on with, never over what one has written."""

from pathlib import Path

from envsync.errors import RefusedError


def write_new(path: Path, text: str) -> None:
    """Write a file that is not there yet; raises RefusedError where it is, or cannot be."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise _there(path) from error
    except OSError as error:
        raise RefusedError(f"cannot write {path}: {(error.strerror or '').lower()}") from error


def require_new(path: Path) -> None:
    """Raise RefusedError where a file is there: what was decided in it must not be lost."""
    if path.exists() or path.is_symlink():
        raise _there(path)


def _there(path: Path) -> RefusedError:
    return RefusedError(
        f"{path} is there already, and what was decided in it is not written over; accepted: "
        "--output with another name, to compare the two"
    )
