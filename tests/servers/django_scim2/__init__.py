"""django-scim2 with its default adapters, in an environment of its own."""
