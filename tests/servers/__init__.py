"""Real SCIM servers, each run as a process of its own by the tests that ask for it.

This package is also imported by those processes, in environments without our dependencies: keep it empty.
"""
