"""Endpoints that answer and lie: nothing is written that the truth would not have asked for."""
