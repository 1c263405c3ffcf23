"""What a restore drill showed of an artefact, as it is written beside the artefact's manifest."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from envsync.artefacts import Count, Moment, read_strictly


class Verification(BaseModel):
    """How one drill went: an artefact restored, its checksum, rows and checks compared.

    `healthy` is False where the artefact was at fault; a drill that never got to it says nothing.
    `seconds` are those from the first byte restored to the last check. `checks` names the queries
    that were run, "" where there were none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    at: Moment
    healthy: bool
    reason: str = ""
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    rows: Mapping[str, Count] = Field(default_factory=dict)
    checks: str = ""
    server_version: str
    envsync_version: str

    @classmethod
    def read(cls, text: str, where: str) -> Self:
        """Read a drill's result; raises CommandError naming where, if it is none."""
        what = f"the result of a restore drill in {where}"
        return read_strictly(cls, text, what, "verify the artefact again")

    def write(self) -> str:
        """Return the result as JSON for people and machines."""
        return self.model_dump_json(indent=2) + "\n"
