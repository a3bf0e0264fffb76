"""The independent platform's addresses: the glue between Flask and `lti1p3platform`."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import flask
import jwt
from flask.typing import ResponseReturnValue
from lti1p3platform import exceptions
from lti1p3platform.response import Response, generate_next_link
from werkzeug.serving import make_server

from tests.independent.gradebook import GradebookService, MembersService
from tests.independent.platform import (
    COURSE,
    IndependentPlatform,
    Launch,
    Login,
    PostedLogin,
)

COURSE_PATH = f"/courses/{COURSE}"


@contextmanager
def running_platform(tool_url: str) -> Iterator[IndependentPlatform]:
    """Run a platform for the tool at `tool_url` on a free port."""
    app = flask.Flask("independent_platform")
    server = make_server("127.0.0.1", 0, app, threaded=True)
    platform = IndependentPlatform(f"http://127.0.0.1:{server.port}", tool_url)
    add_refusals(app)
    add_launching(app, platform)
    add_services(app, platform)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield platform
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def add_refusals(app: flask.Flask) -> None:
    """Answer what the package refuses, instead of breaking."""

    @app.errorhandler(jwt.InvalidTokenError)
    @app.errorhandler(exceptions.LtiException)
    @app.errorhandler(exceptions.MissingRequiredClaim)
    @app.errorhandler(exceptions.UnsupportedGrantType)
    @app.errorhandler(exceptions.LtiDeepLinkingResponseException)
    @app.errorhandler(exceptions.PreflightRequestValidationException)
    def refuse(error: Exception) -> ResponseReturnValue:
        return {"error": "invalid_request", "error_description": repr(error)}, 401


def add_launching(app: flask.Flask, platform: IndependentPlatform) -> None:
    """Login, launch, keys, and the way back of deep linking."""

    @app.get("/open/<link_id>/<person_id>")
    def open_tool(link_id: str, person_id: str) -> ResponseReturnValue:
        is_posted = flask.request.args.get("method") == "post"
        request, configuration = flask.request, platform.configuration()
        login = (PostedLogin if is_posted else Login)(request, configuration)
        login.set_lti_message_hint(link_id=link_id)
        return login.initiate_login(person_id)

    @app.get("/authorize")
    def authorize() -> ResponseReturnValue:
        return Launch(platform).lti_launch()

    @app.get("/jwks.json")
    def keys() -> ResponseReturnValue:
        return dict(platform.configuration().get_jwks())

    @app.post("/deep-linking/return")
    def add_links() -> ResponseReturnValue:
        form = flask.request.form.to_dict()
        items = platform.configuration().validate_deeplinking_resp(form)
        platform.records.returned.append(form)
        return {"links": [platform.add_link(item) for item in items]}


def add_services(app: flask.Flask, platform: IndependentPlatform) -> None:
    """Tokens, gradebook, roster."""
    line_item_path = f"{COURSE_PATH}/line-items/<line_item_id>"

    @app.post("/token")
    def token() -> ResponseReturnValue:
        form = flask.request.form.to_dict()
        granted = platform.configuration().get_access_token(form)
        platform.records.token_requests.append(form)
        return dict(granted)

    @app.route(f"{COURSE_PATH}/line-items", methods=["GET", "POST"])
    def line_items() -> ResponseReturnValue:
        service = GradebookService(platform)
        if flask.request.method == "POST":
            return answer(service, service.handle_create_lineitem)
        return answer(service, service.handle_get_lineitems)

    @app.get(f"{line_item_path}")
    def line_item(line_item_id: str) -> ResponseReturnValue:
        service = GradebookService(platform, line_item_id)
        return answer(service, service.handle_get_lineitem, line_item_id=line_item_id)

    @app.post(f"{line_item_path}/scores")
    def scores(line_item_id: str) -> ResponseReturnValue:
        service = GradebookService(platform, line_item_id)
        return answer(service, service.handle_update_score, line_item_id=line_item_id)

    @app.get(f"{line_item_path}/results")
    def results(line_item_id: str) -> ResponseReturnValue:
        service = GradebookService(platform, line_item_id)
        return answer(service, service.handle_get_results, line_item_id=line_item_id)

    @app.get(f"{COURSE_PATH}/members")
    def members() -> ResponseReturnValue:
        service = MembersService(platform)
        return answer(service, service.handle_get_members)


def answer(service: Any, handle: Callable[..., Response], **kwargs: Any) -> flask.Response:
    """Let the package answer; put the address of the next page where the standard wants it."""
    reply = service.handle_resp(handle, **kwargs)
    body, headers = reply.result, {}
    if isinstance(body, dict) and body.get("next"):
        headers["Link"] = generate_next_link(body["next"])
    if isinstance(body, dict) and "content" in body:
        body = body["content"]
    text = "" if body is None else json.dumps(body)
    return flask.Response(text, reply.code, headers, content_type=reply.media_type)
