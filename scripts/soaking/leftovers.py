"""What the soak looks for at its end: all that nobody needs any more."""

import fcntl
from collections.abc import Iterator

from scripts.soaking.fleet import Fleet
from scripts.soaking.processes import belonging
from tests.servers.waiting import until

MANIFEST = ".manifest.json"
PATIENCE = 20


def leftovers(fleet: Fleet) -> list[str]:
    """Return what is left; sessions and processes are given a moment to end."""
    found = _found(fleet)
    if found:
        try:
            until(lambda: not _found(fleet), "nothing to be left", PATIENCE)
        except AssertionError:
            return _found(fleet)
    return []


def _found(fleet: Fleet) -> list[str]:
    return [
        *_databases(fleet),
        *_artefacts(fleet),
        *_uploads(fleet),
        *_files(fleet),
        *(f"process {pid}" for pid in belonging(f"ENVSYNC_STATE={fleet.state}")),
    ]


def _databases(fleet: Fleet) -> Iterator[str]:
    for engine in fleet.engines:
        yield from engine.left([m.name for m in fleet.members if m.engine is engine])


def _artefacts(fleet: Fleet) -> Iterator[str]:
    """Yield the halves of artefacts, and files that are neither dump nor manifest."""
    files = {str(path) for path in fleet.objects()}
    for path in sorted(files):
        dump = path.removesuffix(MANIFEST)
        other = dump if dump != path else f"{path}{MANIFEST}"
        if other not in files:
            yield f"half an artefact: {path}"


def _uploads(fleet: Fleet) -> Iterator[str]:
    found = fleet.s3.client().list_multipart_uploads(Bucket=fleet.bucket)
    for upload in found.get("Uploads", ()):
        yield f"multipart upload of {upload.get('Key')}"


def _files(fleet: Fleet) -> Iterator[str]:
    for path in (fleet.folder / "temporary").rglob("*"):
        yield f"temporary file {path.name}"
    for path in (fleet.state / "locks").glob("*"):
        if path.is_file():
            with path.open("rb") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    yield f"lock {path.name}"
