"""What the lint found: a sentence about a line of a file."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something to mend; a note is something to know, and does not fail the lint."""

    file: str
    line: int
    sentence: str
    is_note: bool = False

    def __str__(self) -> str:
        note = "note: " if self.is_note else ""
        return f"{self.file}:{self.line}: {note}{self.sentence}"
