"""django-scim2-server, in an environment of its own."""
