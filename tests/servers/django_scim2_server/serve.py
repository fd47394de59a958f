"""A small Django project around django-scim2-server."""

from tests.servers.django_project import serve_project
from tests.servers.inherited import stop_with_parent, take_listener

if __name__ == "__main__":
    stop_with_parent()
    serve_project(
        take_listener(),
        ROOT_URLCONF="tests.servers.django_scim2_server.urls",
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django_scim2_server"],
        MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
        SCIM2_SERVER_AUTH_CHECK="tests.servers.django_scim2_server.urls.knows_token",
    )
