"""Everything that touches the world: files, SCIM over HTTP, credentials, the run log."""
