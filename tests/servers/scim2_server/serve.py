"""Serves scim2-server's ASGI application as it comes; only the token and the reset are ours."""

import os
from http import HTTPStatus

import uvicorn
from scim2_models import UnauthorizedException
from scim2_server.applications.asgi import ASGIApplication
from scim2_server.memory import AsyncInMemoryStorage, InMemoryStorage
from scim2_server.requests import ScimRequest
from scim2_server.responses import ScimResponse
from scim2_server.utils import load_default_provider

from tests.servers.inherited import stop_with_parent, take_listener

AUTHORIZATION = f"Bearer {os.environ['SCIM_TOKEN']}"


class Application(ASGIApplication):
    """The library's application with a token, and a path that empties the storage."""

    def check_auth(self, request: ScimRequest) -> None:
        if request.header("Authorization") != AUTHORIZATION:
            raise UnauthorizedException

    async def dispatch_request(self, request: ScimRequest) -> ScimResponse:
        if request.path == "/-/reset":
            self.check_auth(request)
            memory.resources = []
            return ScimResponse(status=HTTPStatus.NO_CONTENT, body=None)
        return await super().dispatch_request(request)


memory = InMemoryStorage()
application = Application(AsyncInMemoryStorage(memory), load_default_provider())

if __name__ == "__main__":
    stop_with_parent()
    config = uvicorn.Config(application, log_level="warning", access_log=False, lifespan="off", ws="none")
    uvicorn.Server(config).run(sockets=[take_listener()])
