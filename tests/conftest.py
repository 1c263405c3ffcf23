"""The real servers that any test may ask for by name."""

pytest_plugins = [
    "tests.servers.icinga",
    "tests.servers.mariadb",
    "tests.servers.mongod",
    "tests.servers.nsca",
    "tests.servers.opensearch",
    "tests.servers.postgresql",
    "tests.servers.radosgw",
    "tests.servers.rsync",
    "tests.servers.s3",
]
