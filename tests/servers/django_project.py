"""What Django projects of tests have in common: a SQLite file as the database, migrated and served."""

import os
import socket
from typing import Any

import django
import waitress
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application


def serve_project(listener: socket.socket, **given: Any) -> None:
    """Migrate the database, which is the file SCIM_DATABASE, and serve; `given` are further settings."""
    settings.configure(
        SECRET_KEY="for tests",
        ALLOWED_HOSTS=["127.0.0.1"],
        USE_TZ=True,
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
        **given,
    )
    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)
    waitress.serve(get_wsgi_application(), sockets=[listener], threads=4, _quiet=True)
