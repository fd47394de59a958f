"""The Django application that holds users and groups as django-scim2's documentation sets them up."""
