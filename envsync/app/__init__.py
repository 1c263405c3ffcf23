"""The composition root: what each task asks for, answered with everything envsync knows."""
