"""Notices, sent to real receivers on loopback."""
