"""The URLs of the project, and who may use them."""

import os

from django.contrib.auth.models import AnonymousUser
from django.core.management import call_command
from django.http import HttpResponse
from django.urls import include, path

AUTHORIZATION = f"Bearer {os.environ['SCIM_TOKEN']}"


class Client:
    """Whoever brought the token."""

    is_authenticated = True
    is_anonymous = False


def read_token(get_response):
    def middleware(request):
        knows_token = request.headers.get("Authorization") == AUTHORIZATION
        request.user = Client() if knows_token else AnonymousUser()
        return get_response(request)

    return middleware


def reset(request):
    if not request.user.is_authenticated:
        return HttpResponse(status=401)
    call_command("flush", interactive=False, verbosity=0)
    return HttpResponse(status=204)


urlpatterns = [path("-/reset", reset), path("scim/v2/", include("django_scim.urls", namespace="scim"))]
