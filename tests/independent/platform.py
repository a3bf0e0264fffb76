"""A learning platform that nobody here wrote: `lti1p3platform`, with our glue and some data.

Its protocol is the package's own: login, launch, keys, tokens, deep linking, AGS
and NRPS. Ours are only the addresses, the people and the gradebook, kept in
memory, and what the package leaves to its user. Here: who launches, and how.
"""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import flask
from cryptography.hazmat.primitives import serialization as pem
from cryptography.hazmat.primitives.asymmetric import rsa
from lti1p3platform.ltiplatform import LTI1P3PlatformConfAbstract
from lti1p3platform.message_launch import LTIAdvantageMessageLaunchAbstract
from lti1p3platform.oidc_login import OIDCLoginAbstract
from lti1p3platform.registration import Registration
from lti1p3platform.request import Request

CLIENT_ID, DEPLOYMENT_ID, COURSE = "independent-client", "independent-1", "course-7"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership"
DEEP_LINKING = "deep-linking"
DEEP_LINKING_DATA = "opaque to the tool & comes back"

FORM = """<!doctype html><form method="post" action="{{ address }}">
{% for name, value in fields.items() %}<input type="hidden" name="{{ name }}" value="{{ value }}">
{% endfor %}</form>"""


@dataclass(frozen=True)
class Person:
    """Somebody in the platform's only course; `id` is the LTI user id."""

    id: str
    name: str
    role: str

    @property
    def email(self) -> str:
        return f"{self.id}@independent.example"


@dataclass
class Link:
    """An activity of the course that opens the tool."""

    id: str
    title: str
    custom: dict[str, str] = field(default_factory=dict)


INSTRUCTOR = Person("teacher-1", "Tove Teacher", f"{MEMBERSHIP}#Instructor")
LEARNER = Person("student-1", "Sami Student", f"{MEMBERSHIP}#Learner")
GRANTOR = Person("grantor-1", "Gita Grantor", f"{MEMBERSHIP}/Instructor#Grader")
PEOPLE = {person.id: person for person in (INSTRUCTOR, LEARNER, GRANTOR)}


@dataclass
class Records:
    """What the platform knows and was told, as the tests read it."""

    links: dict[str, Link] = field(default_factory=lambda: {"plain": Link("plain", "Plain essay")})
    line_items: dict[str, dict[str, Any]] = field(default_factory=dict)
    scores: list[dict[str, Any]] = field(default_factory=list)
    token_requests: list[dict[str, str]] = field(default_factory=list)
    returned: list[dict[str, Any]] = field(default_factory=list)


class IndependentPlatform:
    """The platform: where it is, whom it trusts, what it was told."""

    def __init__(self, url: str, tool_url: str) -> None:
        self.url, self.records = url, Records()
        self.lineitems_url = f"{url}/courses/{COURSE}/line-items"
        self.memberships_url = f"{url}/courses/{COURSE}/members"
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        private = key.private_bytes(
            pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.NoEncryption()
        ).decode()
        public = key.public_key().public_bytes(
            pem.Encoding.PEM, pem.PublicFormat.SubjectPublicKeyInfo
        )
        self.registration = (
            Registration()
            .set_iss(url)
            .set_client_id(CLIENT_ID)
            .set_deployment_id(DEPLOYMENT_ID)
            .set_oidc_login_url(f"{tool_url}/lti/login")
            .set_launch_url(f"{tool_url}/lti/launch")
            .set_deeplink_launch_url(f"{tool_url}/lti/launch")
            .set_tool_key_set_url(f"{tool_url}/lti/jwks.json")
            .set_platform_private_key(private)
            .set_platform_public_key(public.decode())
        )

    def configuration(self) -> "Configuration":
        """Return a fresh one: it remembers the token that it checked last."""
        return Configuration(registration=self.registration)

    def line_item_url(self, line_item_id: str) -> str:
        return f"{self.lineitems_url}/{line_item_id}"

    def add_link(self, item: dict[str, Any]) -> str:
        """Add an activity, and its gradebook column if it wants one, as a tool described it."""
        link = Link(f"link-{len(self.records.links)}", item["title"], item.get("custom", {}))
        self.records.links[link.id] = link
        if "lineItem" in item:
            self.add_line_item({**item["lineItem"], "resourceLinkId": link.id})
        return link.id

    def add_line_item(self, described: dict[str, Any]) -> dict[str, Any]:
        """Add a gradebook column and name its address."""
        number = str(len(self.records.line_items) + 1)
        self.records.line_items[number] = {**described, "id": self.line_item_url(number)}
        return self.records.line_items[number]

    def find_column(self, link_id: str) -> str | None:
        """Return the id of the gradebook column that is coupled to a link."""
        items = self.records.line_items.items()
        return next((key for key, item in items if item.get("resourceLinkId") == link_id), None)


class Configuration(LTI1P3PlatformConfAbstract):
    """The package's entry point, with our one registration."""

    def init_platform_config(self, **kwargs: Any) -> None:
        self._registration = kwargs["registration"]

    def get_registration_by_params(self, **_kwargs: Any) -> Registration:
        return self._registration


class FlaskRequest(Request):
    """Flask's request, as the package reads it."""

    def build_metadata(self, request: flask.Request) -> Any:
        query: dict[str, Any] = request.args.to_dict()
        query |= {name: int(query[name]) for name in ("page", "limit") if name in query}
        return {
            "method": request.method,
            "form_data": request.form.to_dict(),
            "get_data": query,
            "headers": request.headers,
            "content_type": request.content_type,
            "path": request.path,
            "json": request.get_json(force=True, silent=True),
        }


class Login(OIDCLoginAbstract):
    """Sends the browser to the tool with a redirect."""

    def set_lti_message_hint(self, **kwargs: Any) -> None:
        self._lti_message_hint = kwargs["link_id"]

    def get_redirect(self, url: str) -> flask.typing.ResponseReturnValue:
        return flask.redirect(url)


class PostedLogin(Login):
    """Sends the browser to the tool with a form."""

    def get_redirect(self, url: str) -> flask.typing.ResponseReturnValue:
        address, _, query = url.partition("?")
        fields = dict(parse_qsl(query))
        return flask.render_template_string(FORM, address=address, fields=fields)


class Launch(LTIAdvantageMessageLaunchAbstract):
    """Says who opens what, and signs it."""

    def __init__(self, platform: IndependentPlatform) -> None:
        super().__init__(FlaskRequest(flask.request), platform.configuration())
        self.platform = platform

    def prepare_launch(self, preflight_response: dict[str, Any]) -> None:
        platform, link_id = self.platform, preflight_response["lti_message_hint"]
        person = PEOPLE[preflight_response["login_hint"]]
        self.set_user_data(person.id, [person.role], person.name, person.email)
        self.set_launch_context_claim(COURSE, context_title="Independent Study")
        self.set_launch_presentation_claim("iframe", f"{platform.url}/courses/{COURSE}")
        self.set_nrps(platform.memberships_url)
        column = platform.find_column(link_id)
        self.set_ags(platform.lineitems_url, column and platform.line_item_url(column))
        if link_id == DEEP_LINKING:
            self.set_dl(f"{platform.url}/deep-linking/return", extra_data=DEEP_LINKING_DATA)
            return
        link = platform.records.links[link_id]
        self.set_resource_link_claim(link.id, title=link.title)
        self.set_custom_parameters_claim(link.custom)

    def render_launch_form(self, launch_data: dict[str, Any], **_kwargs: Any) -> str:
        address = launch_data.pop("launch_url")
        return flask.render_template_string(FORM, address=address, fields=launch_data)
