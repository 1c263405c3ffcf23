"""The artefact that a dry run takes for granted where it can see none."""

from envsync.artefacts import Manifest, stored_format
from envsync.questions import PullQuestion
from envsync.version import VERSION


def assumed(question: PullQuestion, form: str, version: str) -> Manifest:
    """Return the manifest of what a dry run takes for granted, of a server of some version."""
    wanted = question.wanted
    return Manifest(
        environment=wanted.environment,
        database=wanted.database,
        name=wanted.name,
        dbms=question.dbms,
        stamp=str(wanted.now),
        format=stored_format(form, wanted.storage),
        encrypted_to=wanted.storage.age.encrypt_to,
        row_counts="exact",
        server_version=version,
        client_version=version,
        envsync_version=VERSION,
    )
