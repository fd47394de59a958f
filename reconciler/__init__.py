"""Keep who should have access, written in YAML, true at every SCIM endpoint."""

__version__ = "0.1.0"
