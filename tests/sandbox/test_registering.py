"""The practice LMS's side of Dynamic Registration."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from lxml import html

from app.platforms.configuration import read_answer, read_configuration
from app.platforms.tool_document import TOOL_CONFIGURATION, registration_document
from app.sandbox.vocabulary import LINE_ITEM, SCORE

LINK = "http://localhost:1/lti/register?invite=secret"


@pytest.fixture
def olu(service):
    """The administrator's browser."""
    client = service.lms.test_client()
    client.set_cookie("practice_lms_person", "u-administrator", domain="localhost")
    return client


@pytest.fixture
def opened(olu):
    """Paste the link; return the address that the frame opens, as parts and query."""

    def paste(link=LINK):
        page = olu.get("/tools/register", query_string={"link": link})
        assert page.status_code == 200, page.text
        address = html.fromstring(page.text).find(".//iframe").get("src")
        return urlsplit(address), {k: v[0] for k, v in parse_qs(urlsplit(address).query).items()}

    return paste


@pytest.fixture
def ask(service, opened):
    """Call with the token of a registration that was opened."""
    _parts, query = opened()

    def call(method, path, *, token=None, **request):
        value = query["registration_token"] if token is None else token
        headers = {"Authorization": f"Bearer {value}"} if value else {}
        return service.client.open(path, method=method, headers=headers, **request)

    return call


@pytest.fixture
def platform(service, ask):
    """The LMS's configuration as the tool reads it."""
    page = ask("GET", "/.well-known/openid-configuration")
    return read_configuration(page.data, source=f"{service.config.issuer}/x", allow_http=True)


@pytest.fixture
def document(service, platform):
    return registration_document(service.config.tool_url, platform)


def test_the_link_is_opened_with_what_the_tool_needs(service, opened):
    parts, query = opened()

    assert (parts.netloc, parts.path) == ("localhost:1", "/lti/register")
    assert query["invite"] == "secret"
    expected = f"{service.config.issuer}/.well-known/openid-configuration"
    assert query["openid_configuration"] == expected
    assert query["registration_token"]


@pytest.mark.parametrize("link", ["", "javascript:alert(1)", "https://elsewhere.test/register"])
def test_another_tools_link_is_not_framed(olu, link):
    page = olu.get("/tools/register", query_string={"link": link})

    assert page.status_code == 400
    assert "works with the tool at http://localhost:1 only" in page.text


def test_only_the_administrator_adds_tools(service):
    for address in ("/tools", "/tools/register"):
        assert service.client.get(address).status_code == 403
    assert service.client.post("/tools/x/activate").status_code == 403


@pytest.mark.parametrize("token", ["", "forged"])
def test_the_configuration_is_told_only_with_the_token(ask, document, token):
    assert ask("GET", "/.well-known/openid-configuration", token=token).status_code == 401
    assert ask("POST", "/lti/register", token=token, json=document).status_code == 401


def test_a_tool_registers_once_and_is_pending(ask, document, olu):
    answer = ask("POST", "/lti/register", json=document)
    again = ask("POST", "/lti/register", json=document)

    registered = read_answer(answer.data)
    assert registered.client_id.startswith("tool-")
    assert registered.deployment_id.startswith("deployment-")
    assert {LINE_ITEM, SCORE} <= set(registered.scopes)
    assert again.status_code == 401
    page = olu.get("/tools").text
    assert registered.client_id in page
    assert "Pending" in page


@pytest.mark.parametrize(
    "change",
    [
        {"application_type": "native"},
        {"response_types": "id_token"},
        {"token_endpoint_auth_method": "client_secret_basic"},
        {"redirect_uris": "http://localhost:1/lti/launch"},
        {"redirect_uris": ["http://localhost:1/elsewhere"]},
        {"jwks_uri": "https://elsewhere.test/jwks"},
        {"initiate_login_uri": None},
        {"client_name": " "},
        {TOOL_CONFIGURATION: {}},
        {TOOL_CONFIGURATION: "x"},
    ],
    ids=str,
)
def test_a_document_that_real_lmss_refuse_is_refused(ask, document, change):
    refused = ask("POST", "/lti/register", json={**document, **change})

    assert refused.status_code == 400
    assert ask("POST", "/lti/register", json=document).status_code == 200, "the token is unused"


def test_courses_launch_a_tool_once_it_is_activated(service, ask, document, olu):
    registered = read_answer(ask("POST", "/lti/register", json=document).data)
    lms = service.lms.extensions["practice_lms"]
    before = lms.profile

    assert lms.profile.client_id == "assay-practice", "a pending tool is not launched"
    assert lms.profile_of(registered.client_id) is None
    page = olu.post(f"/tools/{registered.client_id}/activate")

    assert page.status_code == 303
    assert lms.profile.client_id == registered.client_id
    assert lms.profile.deployment_id == registered.deployment_id
    assert lms.config.custom["assay_course_history"] == "$Context.id.history"
    form = olu.get("/courses/course-101/activities/1/launch").text
    assert registered.client_id in form
    assert lms.profile_of(before.client_id), "the other still gets tokens for what it owes"
    olu.post(f"/tools/{before.client_id}/activate")
    assert lms.profile.client_id == before.client_id


def test_an_unknown_tool_is_not_activated(olu):
    assert olu.post("/tools/nobody/activate").status_code == 404


def test_the_configuration_is_json_of_the_standard(ask):
    page = ask("GET", "/.well-known/openid-configuration")

    assert page.mimetype == "application/json"
    assert json.loads(page.data)["id_token_signing_alg_values_supported"] == ["RS256"]
