"""The engines of the soak's fleet: how each is filled, read by an ordinary role, and disturbed."""
