"""WALKING A PLAN: the executor, its locks and its journal."""
