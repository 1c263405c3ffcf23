"""WHAT WILL HAPPEN: the ordered steps that syncs expand to."""
