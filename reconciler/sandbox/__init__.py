"""An embedded SCIM endpoint on loopback, kept in a SQLite file."""

from reconciler.sandbox.endpoint import Endpoint, running, serve

__all__ = ["Endpoint", "running", "serve"]
