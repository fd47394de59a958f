"""Tests of the embedded SCIM endpoint, over HTTP."""
