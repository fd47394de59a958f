"""The URLs of the project, and who may use them."""

import os

from django.core.management import call_command
from django.http import HttpResponse
from django.urls import include, path

AUTHORIZATION = f"Bearer {os.environ['SCIM_TOKEN']}"


def knows_token(request):
    return request.headers.get("Authorization") == AUTHORIZATION


def reset(request):
    if not knows_token(request):
        return HttpResponse(status=401)
    call_command("flush", interactive=False, verbosity=0)
    return HttpResponse(status=204)


urlpatterns = [path("-/reset", reset), path("scim/v2/", include("django_scim2_server.urls"))]
