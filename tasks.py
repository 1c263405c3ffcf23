"""What `invoke` offers here: the operator's tasks, and `dev` for those who work on envsync."""

import sys
from pathlib import Path

from invoke.collection import Collection
from invoke.context import Context
from invoke.tasks import task

from envsync.tasks import OPERATOR_TASKS

ROOT = Path(__file__).parent


@task
def check(c: Context) -> None:
    """Check the import table, format, lint, types and tests, as CI does."""
    for command in ("lint-imports", "ruff format --check", "ruff check", "mypy", "pytest"):
        with c.cd(str(ROOT)):
            c.run(str(Path(sys.executable).with_name(command)), echo=True)


@task(help={"size": "bytes of the database, as 1.3GB", "runs": "how often each is measured"})
def bench(c: Context, size: str = "1.3GB", runs: int = 2) -> None:
    """Measure envsync beside the incumbents' pipelines, in one run."""
    with c.cd(str(ROOT)):
        c.run(f"{sys.executable} -m benchmarks.run --size {size} --runs {runs}", echo=True)


namespace = Collection(*OPERATOR_TASKS)
namespace.add_collection(Collection("dev", check, bench))
