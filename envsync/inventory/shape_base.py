"""What the shapes of an inventory are made of: mappings with known keys, numbers, secrets."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from envsync.inventory.scalars import Folder, Text

Port = Annotated[int, Field(ge=1, le=65535)]
Count = Annotated[int, Field(ge=1, le=64)]
Kept = Annotated[int, Field(ge=2, le=10_000)]


class Shape(BaseModel):
    """A mapping with known keys; text, numbers, true and false are never taken for one another."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def mistake(key: str, refused: str, accepted: str) -> PydanticCustomError:
    """Make an error about one key of a mapping, with its own words."""
    words = {"key": key, "refused": refused, "accepted": accepted}
    return PydanticCustomError("mistake", "{refused}; accepted: {accepted}", words)


class SecretShape(Shape):
    """Where a secret can be found: an environment variable or a file, never the secret itself."""

    env: Text | None = Field(default=None, description="the environment variable that holds it")
    file: Folder | None = Field(default=None, description="the file that holds it, and only it")

    @model_validator(mode="after")
    def _has_one_place(self) -> Self:
        if (self.env is None) == (self.file is None):
            raise mistake(
                "env",
                "'env' and 'file' are both given or both missing",
                "{env: NAME} or {file: PATH}",
            )
        return self
