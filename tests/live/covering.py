"""What tests of coverage share: a source that changes, and what becomes of its copy."""

from tests.live.mysql_site import MysqlSite
from tests.live.site import Site


def changed(site: Site | MysqlSite, change: str, decided: str) -> tuple[int, str]:
    """Change production and sync it; returns the exit code and what was said."""
    site.decisions.stop(decided)
    if change:
        site.production.run(change, site.source)
    ran = site.run("sync", "app")
    return ran.code, ran.err
