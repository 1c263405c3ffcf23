"""Those who may not read a quarantine, trying to: at every question a pull asks, and between them."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

BETWEEN = "between"
PRIVATE = "private.example"
"""What stands in every address that has not been sanitised."""

Attempt = Callable[[], str]
"""Tries to read something; returns what came of it: rows, or why there are none."""


@dataclass(slots=True)
class Intruders:
    """What each of them found, by who it was and what a pull was asking at that moment."""

    attempts: Mapping[str, Attempt]
    found: dict[str, dict[str, set[str]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(set))
    )

    def at(self, question: str) -> str:
        """Try before a server hears a question; whoever asked waits so long."""
        self.all(question.partition(": ")[2] or question)
        return question

    def all(self, stage: str) -> None:
        """Have all of them try at once: one that has to wait, as for a lock, delays no other."""
        with ThreadPoolExecutor(len(self.attempts)) as pool:
            outcomes = {who: pool.submit(attempt) for who, attempt in self.attempts.items()}
        for who, outcome in outcomes.items():
            self.found[who][outcome.result()].add(stage)

    @contextmanager
    def between(self) -> Iterator[None]:
        """Try again and again for the length of a block."""
        done = threading.Event()

        def keep_trying() -> None:
            while not done.is_set():
                self.all(BETWEEN)
                time.sleep(0.02)

        trying = threading.Thread(target=keep_trying)
        trying.start()
        try:
            yield
        finally:
            done.set()
            trying.join()

    def stages(self, who: str, outcome: str) -> set[str]:
        """Return when somebody met with an outcome, as the first word of what was asked."""
        return {
            stage.split()[0] if stage.strip() else stage
            for found, stages in self.found[who].items()
            if outcome in found
            for stage in stages
        }
