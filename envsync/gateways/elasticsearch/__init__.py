"""Elasticsearch and OpenSearch: snapshots, restores, sanitising by query, aliases."""
