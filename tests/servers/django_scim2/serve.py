"""A small Django project around django-scim2, migrated and served; its database is the file SCIM_DATABASE."""

import os

import django
import waitress
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application

from tests.servers.inherited import stop_with_parent, take_listener

if __name__ == "__main__":
    stop_with_parent()
    listener = take_listener()
    settings.configure(
        SECRET_KEY="for tests",
        ALLOWED_HOSTS=["127.0.0.1"],
        USE_TZ=True,
        ROOT_URLCONF="tests.servers.django_scim2.urls",
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": os.environ["SCIM_DATABASE"],
                "OPTIONS": {
                    "timeout": 20,
                    "transaction_mode": "IMMEDIATE",
                    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;",
                },
            }
        },
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
    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)
    waitress.serve(get_wsgi_application(), sockets=[listener], threads=4, _quiet=True)
