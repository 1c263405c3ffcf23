"""Row counts: those restored compared with those of the manifest."""

from collections.abc import Mapping

from envsync.commands.mysql import CompareRows
from envsync.errors import CommandError
from envsync.gateways.manifests import read_manifest
from envsync.gateways.storage.open_store import open_store

_TOLD = 5


def compare_rows(command: CompareRows, restored: Mapping[str, int]) -> None:
    """Raise CommandError unless what was restored is what the manifest counted."""
    manifest = read_manifest(open_store(command.location.storage), command.location.key)
    differing = [
        f"{table} {restored.get(table, 0):,} of {counted:,}"
        for table, counted in manifest.rows.items()
        if table not in command.without_rows and restored.get(table, 0) != counted
    ]
    if differing:
        more = f"; and {len(differing) - _TOLD} more tables" if len(differing) > _TOLD else ""
        raise CommandError(
            f"the rows restored into {command.target} are not those of the manifest: "
            + "; ".join(differing[:_TOLD])
            + more
        )
