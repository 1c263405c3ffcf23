"""MySQL and MariaDB: what looks at their servers, and what dumps, restores and promotes."""
