"""A watch on the program's children: each is recorded before it starts, and looked at as it runs."""

import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.live.watching import watched

PATIENCE = 240
"""Seconds a run may take under watch."""
# Every child is started through setpriv, except what only says its version, and send_nsca.
STARTERS = ("setpriv", "send_nsca")
_RECORDER = """\
#!/bin/sh
record={records}/$$
/bin/cat /proc/$$/cmdline > $record.arguments
/bin/cat /proc/$$/environ > $record.variables
/bin/ls -l /proc/$$/fd > $record.files
exec {program} "$@"
"""


@dataclass(frozen=True, slots=True)
class Child:
    """A program as it was about to start: arguments, variables, and what it had open."""

    arguments: bytes
    variables: bytes
    files: str

    @property
    def program(self) -> str:
        """The name of the program itself, behind who started it."""
        words = [word.decode(errors="replace") for word in self.arguments.split(b"\0")]
        own = words[words.index("--") + 1 :] if "--" in words else words[1:]
        names = [Path(word).name for word in own if word]
        return "age" if "program.py" in names else names[0]

    @property
    def names(self) -> set[str]:
        """The names of its variables."""
        return {each.partition(b"=")[0].decode() for each in self.variables.split(b"\0") if each}

    @property
    def memory_files(self) -> set[str]:
        """What files it was given that lie in memory, by their names."""
        lines = self.files.splitlines()
        return {line.partition("/memfd:")[2].split(" ")[0] for line in lines if "/memfd:" in line}


@dataclass(slots=True)
class Watch:
    """All that runs of the program said, and what was to be seen of their processes."""

    folder: Path
    texts: list[tuple[str, bytes]] = field(default_factory=list)

    @property
    def programs(self) -> Path:
        """A folder to be first in PATH."""
        return self.folder / "watched"

    @property
    def records(self) -> Path:
        return self.folder / "records"

    def prepare(self) -> None:
        """Make the programs that record."""
        self.programs.mkdir()
        self.records.mkdir()
        for name in STARTERS:
            program = shutil.which(name, path="/usr/bin:/bin:/usr/sbin:/sbin")
            if program is not None:
                script = self.programs / name
                script.write_text(_RECORDER.format(records=self.records, program=program))
                script.chmod(0o700)

    def run(self, what: str, running: "subprocess.Popen[str]") -> tuple[int, str]:
        """Watch a run until it ends; returns its code, and all it said."""
        with ThreadPoolExecutor(1) as pool:
            seen = pool.submit(watched, running)
            try:
                out, err = running.communicate(timeout=PATIENCE)
            finally:
                running.kill()
        self.texts += [
            (f"the output of {what}", out.encode(errors="surrogateescape")),
            (f"the errors of {what}", err.encode(errors="surrogateescape")),
            *((f"a process of {what}", text) for text in seen.result()),
        ]
        return running.returncode, out + err

    def children(self) -> list[Child]:
        """Return the programs that were recorded."""
        return [
            Child(
                path.read_bytes(),
                path.with_suffix(".variables").read_bytes(),
                path.with_suffix(".files").read_text(),
            )
            for path in self.records.glob("*.arguments")
        ]
