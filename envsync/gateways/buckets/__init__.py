"""Buckets compared object by object, and copied on the server."""
