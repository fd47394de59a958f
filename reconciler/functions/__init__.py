"""Mapping functions by theme, as Entra's expression language names them."""
