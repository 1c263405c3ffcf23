"""Times every pipeline run by run, and what a reader at the target sees of a pull."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from benchmarks.pipelines import DATABASE, Pipeline, Stage
from benchmarks.results import Result


@dataclass(slots=True)
class Timings:
    """What a pipeline has taken so far."""

    pushes: list[float] = field(default_factory=list)
    pulls: list[float] = field(default_factory=list)
    peaks: list[int] = field(default_factory=list)


def measure(stage: Stage, pipelines: Sequence[Pipeline], runs: int) -> list[Result]:
    """Run the pipelines in turns, so that a slow minute of the machine meets all of them."""
    timings = {pipeline.name: Timings() for pipeline in pipelines}
    for run in range(runs):
        for pipeline in pipelines:
            timing = timings[pipeline.name]
            for verb, act, seconds in (
                ("push", pipeline.push, timing.pushes),
                ("pull", pipeline.pull, timing.pulls),
            ):
                _settle(stage)
                started = time.monotonic()
                timing.peaks.append(act(stage) or 0)
                seconds.append(time.monotonic() - started)
                say(f"run {run + 1}: {verb} {pipeline.name}: {seconds[-1]:.1f} s")
    return [_result(stage, pipeline, timings[pipeline.name]) for pipeline in pipelines]


def _result(stage: Stage, pipeline: Pipeline, timing: Timings) -> Result:
    """Pull once more, untimed, with a reader at the target."""
    _settle(stage)
    with _reader(stage) as seen:
        pipeline.pull(stage)
    say(f"{pipeline.name}: the reader saw {seen}")
    return Result(
        pipeline.name,
        pipeline.description,
        tuple(timing.pushes),
        tuple(timing.pulls),
        max(timing.peaks) or None,
        seen["longest_gap"],
        seen["exposed"],
    )


@contextmanager
def _reader(stage: Stage) -> Iterator[dict[str, float]]:
    """Have a reader watch the target; what it saw is there at the end."""
    seen: dict[str, float] = {}
    command = (sys.executable, "-m", "benchmarks.availability", stage.target.conninfo(DATABASE))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            if process.stdout is None or process.stdout.readline() != "watching\n":
                sys.exit("the reader cannot read the target")
            yield seen
        finally:
            process.terminate()
            seen.update(json.loads(process.communicate()[0] or "{}"))


def _settle(stage: Stage) -> None:
    """Let the servers write what they have to, so that no pipeline pays for another."""
    for server in (stage.source, stage.target):
        server.execute("postgres", "CHECKPOINT")
    os.sync()


def say(text: str) -> None:
    """Tell how far the benchmark is."""
    print(text, file=sys.stderr, flush=True)
