"""Tests by kind: scenarios, properties, real servers, units, the command line."""
