"""Numbers as people read them: durations, ages, sizes, counts. Pure."""

from datetime import timedelta

_MINUTE = 60
_KIB = 1024
_UNITS = ("KiB", "MiB", "GiB")


def seconds_text(seconds: float) -> str:
    """Show a duration by its two largest units, as 12s, 3m12s or 2h05m; never a negative one."""
    whole = round(max(seconds, 0))
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minute:02}m"
    return f"{minutes}m{second:02}s" if minutes else f"{second}s"


def age_text(age: timedelta) -> str:
    """Show an age roughly, as 40s, 12m, 3h or 2d 4h; what lies ahead counts as 0s."""
    whole = max(int(age.total_seconds()), 0)
    days, hours = divmod(whole // 3600, 24)
    if days:
        return f"{days}d {hours}h"
    if hours:
        return f"{hours}h"
    return f"{whole // _MINUTE}m" if whole >= _MINUTE else f"{whole}s"


def bytes_text(count: int) -> str:
    """Show a size in its largest fitting unit, as 512 B or 1.3 GiB."""
    if count < _KIB:
        return f"{count} B"
    size = count / _KIB
    for unit in _UNITS:
        if round(size, 1) < _KIB:
            return f"{size:.1f} {unit}"
        size /= _KIB
    return f"{size:,.1f} TiB"


def count_text(count: int) -> str:
    """Show a whole number with its thousands apart, as 1,234,567."""
    return f"{count:,}"
