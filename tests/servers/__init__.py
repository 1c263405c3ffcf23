"""Real servers for the tests: started once a session on loopback, in temporary folders."""
