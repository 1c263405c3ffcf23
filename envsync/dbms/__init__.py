"""HOW, PER ENGINE: steps and facts in, commands out; nothing is touched here."""
