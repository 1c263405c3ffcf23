"""New artefacts measured by the one before them, while they can still be thrown away."""

from envsync.artefacts import Manifest
from envsync.errors import CommandError
from envsync.shrinking import Floor, allowance, is_other_data, refusal, weigh


def weighed(floor: Floor | None, manifest: Manifest) -> tuple[Manifest, tuple[str, ...]]:
    """Return a manifest that says why its artefact may be so small, and what to warn of.

    Raises CommandError where it is too small, and nothing says that this is right.
    """
    if floor is None:
        return manifest, ()
    weight = weigh(floor, manifest)
    if not weight.losses:
        return manifest, weight.emptied
    if floor.because:
        manifest = manifest.model_copy(update={"allow_shrink": floor.because})
    elif not is_other_data(floor, manifest):
        raise CommandError(refusal(floor, weight, manifest))
    return manifest, (allowance(floor, weight), *weight.emptied)
