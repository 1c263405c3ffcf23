"""Which steps belong to tonight: those whose schedule falls within the day that begins now."""

from datetime import datetime, timedelta

from cronsim import CronSim

from envsync.plan.model import Step

NIGHT = timedelta(hours=24)
"""What one nightly run stands for: all that is meant to start before the next one."""


def is_due(step: Step, now: datetime) -> bool:
    """Tell whether a step belongs to the nightly run that begins now, in the machine's own time.

    A step without a schedule belongs to every night.
    """
    schedule = step.options.schedule
    return schedule is None or next(CronSim(schedule.cron, now)) <= now + NIGHT
