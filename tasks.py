"""What `invoke` offers here: the operator's tasks, and `dev` for those who work on envsync."""

import sys
from pathlib import Path

from invoke.collection import Collection
from invoke.context import Context
from invoke.exceptions import Exit
from invoke.tasks import task

from envsync.tasks.program import operators

ROOT = Path(__file__).parent
BENCHMARKS = {
    "postgresql": "benchmarks.run",
    "mysql": "benchmarks.mysql",
    "mongo": "benchmarks.mongo",
}


@task
def check(c: Context) -> None:
    """Check the import table, format, lint, types and tests, as CI does."""
    for command in ("lint-imports", "ruff format --check", "ruff check", "mypy", "pytest"):
        with c.cd(str(ROOT)):
            c.run(str(Path(sys.executable).with_name(command)), echo=True)


@task(
    help={
        "engine": "postgresql, mysql or mongo (default: each in turn)",
        "runs": "how often each is measured",
    }
)
def bench(c: Context, engine: str | None = None, runs: int = 2) -> None:
    """Measure envsync beside the incumbents' pipelines, in one run for each engine."""
    if engine is not None and engine not in BENCHMARKS:
        raise Exit(f"no engine {engine!r}; there are {', '.join(BENCHMARKS)}", code=2)
    for module in BENCHMARKS.values() if engine is None else (BENCHMARKS[engine],):
        with c.cd(str(ROOT)):
            c.run(f"{sys.executable} -m {module} --runs {runs}", echo=True)


namespace = operators()
namespace.add_collection(Collection("dev", check, bench))
