"""A small Django project around django-scim2."""

from tests.servers.django_project import serve_project
from tests.servers.inherited import stop_with_parent, take_listener

if __name__ == "__main__":
    stop_with_parent()
    listener = take_listener()
    serve_project(
        listener,
        ROOT_URLCONF="tests.servers.django_scim2.urls",
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "tests.servers.django_scim2.directory",
            "django_scim",
        ],
        AUTH_USER_MODEL="directory.User",
        MIDDLEWARE=[
            "tests.servers.django_scim2.urls.read_token",
            "django_scim.middleware.SCIMAuthCheckMiddleware",
        ],
        SCIM_SERVICE_PROVIDER={
            "SCHEME": "http",
            "NETLOC": f"127.0.0.1:{listener.getsockname()[1]}",
            "GROUP_MODEL": "tests.servers.django_scim2.directory.models.Group",
            "WWW_AUTHENTICATE_HEADER": "Bearer",
            "AUTHENTICATION_SCHEMES": [
                {
                    "type": "oauthbearertoken",
                    "name": "Bearer token",
                    "description": "One token that is set up front",
                }
            ],
        },
    )
