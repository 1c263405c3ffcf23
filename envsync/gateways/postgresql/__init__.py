"""PostgreSQL: its client programs and its servers."""
