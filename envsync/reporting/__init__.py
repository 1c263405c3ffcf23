"""TELLING PEOPLE: tables, Icinga messages and log lines made from values."""
