"""The version of envsync, as installed."""

from importlib.metadata import PackageNotFoundError, version


def _installed() -> str:
    try:
        return version("envsync")
    except PackageNotFoundError:
        return "0+uninstalled"


VERSION = _installed()
