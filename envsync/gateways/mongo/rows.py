"""Document counts: what was restored is compared with what was counted while it was read."""

from collections.abc import Mapping

from envsync.commands.mongo import CompareRows
from envsync.errors import CommandError
from envsync.gateways.manifests import read_manifest
from envsync.gateways.storage.open_store import open_store

_SHOWN = 5


def compare_rows(command: CompareRows, restored: Mapping[str, int]) -> None:
    """Raise CommandError unless what was restored is what the manifest counted."""
    manifest = read_manifest(open_store(command.location.storage), command.location.key)
    differing = [
        f"{name} {restored.get(name, 0):,} of {counted:,}"
        for name, counted in manifest.rows.items()
        if name not in command.without_collections and restored.get(name) != counted
    ]
    if differing:
        more = len(differing) - _SHOWN
        raise CommandError(
            f"the documents restored into {command.target} are not those of the manifest: "
            + "; ".join(differing[:_SHOWN])
            + (f"; and {more} more collections" if more > 0 else "")
        )
