"""WHAT EXISTS: environments, servers, databases and the edges between them."""
