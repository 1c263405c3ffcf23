"""What scripts and checks do to which columns, read from their text: pure, and nothing is run."""
