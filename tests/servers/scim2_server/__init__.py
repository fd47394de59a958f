"""scim2-server, in our own environment and in memory."""
