"""Failures that tools of this kind have really had, each injected: docs/failures.md is the table."""
