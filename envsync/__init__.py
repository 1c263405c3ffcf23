"""envsync copies databases between environments, sanitised on the way."""
