"""Deletes what the source does not have, and never more than was agreed."""

import re
from collections.abc import Iterator
from functools import partial

from envsync.commands import Measured
from envsync.commands.buckets import DeleteObjects
from envsync.errors import CommandError
from envsync.gateways.buckets.comparing import pairs
from envsync.gateways.buckets.sides import DELETING, Side, Sides, doing
from envsync.gateways.scope import Scope
from envsync.gateways.storage.jobs import answer, begin

BATCH_KEYS = 1000
"""What S3 deletes with one request."""
# A request for many keys is XML, which has no way to write other characters than these.
_XML = re.compile("[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")


def delete_objects(
    command: DeleteObjects, sides: Sides, scope: Scope, batch_keys: int = BATCH_KEYS
) -> Measured:
    """Delete the keys that only the target has; raises CommandError before they are too many."""
    deleted = 0
    target = sides.target
    batch: list[str] = []
    for key in _surplus(command, sides, scope):
        if not _XML.fullmatch(key):
            answer(begin(partial(_delete_one, target, key)), scope)
            deleted += 1
            continue
        batch.append(key)
        if len(batch) == batch_keys:
            deleted += _delete(target, batch, scope)
            batch = []
    if batch:
        deleted += _delete(target, batch, scope)
    return Measured(deleted=deleted)


def _surplus(command: DeleteObjects, sides: Sides, scope: Scope) -> Iterator[str]:
    count = 0
    for pair in pairs(sides, scope):
        if pair.source is not None or pair.target is None:
            continue
        count += 1
        if command.at_most is not None and count > command.at_most:
            raise CommandError(
                f"stopped deleting from {sides.target.place.url}: since they were counted, so many "
                f"objects have gone from {sides.source.place.url} that more than "
                f"{command.at_most:,} would be deleted; look at both buckets"
            )
        yield pair.target.key


def _delete(target: Side, keys: list[str], scope: Scope) -> int:
    """Delete up to a thousand objects at once; returns how many."""
    answer(begin(partial(_delete_batch, target, keys)), scope)
    scope.check()
    return len(keys)


def _delete_batch(target: Side, keys: list[str]) -> None:
    with doing(f"remove objects of {target.place.url}", DELETING):
        result = target.bucket.client.delete_objects(
            Bucket=target.bucket.name,
            Delete={"Objects": [{"Key": target.key(key)} for key in keys], "Quiet": True},
        )
    for error in result.get("Errors", ()):
        relative = error.get("Key", "").removeprefix(target.place.prefix)
        raise CommandError(
            f"cannot delete {target.url(relative)}: {error.get('Message', 'no reason given')} "
            f"({error.get('Code', '?')}); who runs this as the target's profile or role needs "
            f"{DELETING}"
        )


def _delete_one(target: Side, key: str) -> None:
    with doing(f"delete {target.url(key)}", DELETING):
        target.bucket.client.delete_object(Bucket=target.bucket.name, Key=target.key(key))
