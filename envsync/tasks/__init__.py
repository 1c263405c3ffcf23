"""The command line: what an operator can ask for, each a signature, a docstring and one call."""
