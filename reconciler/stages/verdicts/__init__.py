"""Verdicts: what `check` makes of what it saw of an endpoint; one module for each part of that. All of it is pure."""
