"""The soak: many nights of a small fleet, with faults at random, and what must hold after each."""
