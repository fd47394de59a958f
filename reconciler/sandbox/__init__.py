"""An embedded SCIM endpoint on loopback, kept in a SQLite file, that can behave like kinds of real ones."""

from reconciler.sandbox.dialects import DIALECTS, Dialect, find_dialect
from reconciler.sandbox.endpoint import Endpoint, running, serve

__all__ = ["DIALECTS", "Dialect", "Endpoint", "find_dialect", "running", "serve"]
