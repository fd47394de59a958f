"""A small Django project around django-scim2-server, migrated and served; its database is SCIM_DATABASE."""

import os

import django
import waitress
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application

from tests.servers.inherited import stop_with_parent, take_listener

if __name__ == "__main__":
    stop_with_parent()
    settings.configure(
        SECRET_KEY="for tests",
        ALLOWED_HOSTS=["127.0.0.1"],
        USE_TZ=True,
        ROOT_URLCONF="tests.servers.django_scim2_server.urls",
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
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django_scim2_server"],
        MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
        SCIM2_SERVER_AUTH_CHECK="tests.servers.django_scim2_server.urls.knows_token",
    )
    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)
    waitress.serve(get_wsgi_application(), sockets=[take_listener()], threads=4, _quiet=True)
