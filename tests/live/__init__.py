"""The whole road through the command line, against real servers."""
