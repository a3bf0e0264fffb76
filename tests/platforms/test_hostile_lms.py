"""What an LMS must not get away with: every one ends in a plain page, and nothing is kept."""

import pytest

from app.core.http import MAX_BYTES, OutgoingClient
from app.platforms.models import PlatformStatus
from tests.platforms.conftest import CONFIGURATION, LTI


@pytest.fixture
def assert_refused(browser, invited, new_lms, platforms_of, invitation_of):
    """Post the registration; it must be refused in these words and leave the invitation usable."""

    def refuse(*words: str, address: str = CONFIGURATION) -> None:
        page = browser().post("/lti/register", data=new_lms.fields(invited(), address))

        assert page.status_code == 422
        assert "Assay was not registered" in page.text
        assert "frame-ancestors *" in page.headers["Content-Security-Policy"]
        for word in words:
            assert word in page.text
        assert platforms_of() == []
        assert invitation_of().used_at is None

    return refuse


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"body": "<html><script>alert(1)</script></html>"}, "not JSON"),
        ({"body": "[]"}, "not what it should be"),
        ({"body": "null"}, "not what it should be"),
        ({"body": "[" * 100_000}, "not JSON"),
        ({"body": b"\xff\xfe"}, "not JSON"),
        ({"body": ""}, "not JSON"),
        ({"status": 401, "body": "secret of the LMS"}, "HTTP 401"),
        ({"status": 404}, "HTTP 404"),
        ({"status": 500}, "fault of its own"),
        ({"status": 302, "headers": {"Location": "https://inside.test/"}}, "leads elsewhere"),
        ({"status": 302, "headers": {"Location": CONFIGURATION + "/"}}, "leads elsewhere"),
        ({"body": b" " * 300_000 + b"{}"}, "too large"),
        ({"body": b" " * (MAX_BYTES + 10)}, "too large"),
        ({"body": ConnectionError("reset")}, "could not be asked"),
        ({"body": TimeoutError("slow")}, "could not be asked"),
    ],
    ids=[
        *("html", "a list", "null", "deep", "no text", "empty", "401", "404", "500"),
        *("redirect", "own redirect", "large", "huge", "broken", "slow"),
    ],
)
def test_what_is_no_configuration_is_refused(assert_refused, new_lms, answer, words):
    import requests

    if isinstance(answer.get("body"), Exception):
        kind = requests.Timeout if isinstance(answer["body"], TimeoutError) else None
        answer = {"body": (kind or requests.ConnectionError)("no")}
    new_lms.offer(**answer)

    assert_refused(words)

    assert len(new_lms.wire.calls) == 1


def test_a_missing_member_is_named(assert_refused, new_lms):
    new_lms.offer(new_lms.configuration(jwks_uri=None))

    assert_refused("lacks “jwks_uri”")


def test_an_address_that_is_no_web_address_is_refused(assert_refused, new_lms):
    new_lms.offer(new_lms.configuration(authorization_endpoint="javascript:alert(1)"))

    assert_refused("“authorization_endpoint” of the LMS")


def test_an_issuer_of_another_host_than_the_configuration_is_refused(assert_refused, new_lms):
    new_lms.offer(new_lms.configuration(issuer="https://bank.example"))

    assert_refused("speaks for another host, bank.example")

    assert len(new_lms.wire.calls) == 1, "nothing is posted"


def test_a_registration_endpoint_on_another_host_is_not_called(assert_refused, new_lms):
    new_lms.offer(new_lms.configuration(registration_endpoint="https://victim.example/api"))

    assert_refused("sends the registration to another host")

    assert len(new_lms.wire.calls) == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"client_id": None},
        {"client_id": ""},
        {"client_id": " "},
        {"client_id": "x" * 256},
        {"client_id": True},
        {"client_id": {"a": 1}},
        {"client_id": "a\x00b"},
    ],
    ids=str,
)
def test_an_answer_without_a_client_id_is_refused(assert_refused, new_lms, answer):
    new_lms.offer()
    new_lms.answer(**answer)

    assert_refused("without a client id")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"body": "<p>Sign in</p>"}, "not JSON"),
        ({"body": "{}"}, "without a client id"),
        ({"status": 400, "body": "<b>bad</b>"}, "HTTP 400"),
        ({"status": 307, "headers": {"Location": "https://inside.test/"}}, "leads elsewhere"),
        ({"status": 503}, "fault of its own"),
    ],
    ids=["html", "nothing", "400", "redirect", "503"],
)
def test_a_registration_that_is_not_taken_leaves_nothing_behind(
    assert_refused, new_lms, answer, words
):
    new_lms.offer()
    new_lms.wire.post("https://new-lms.test/register", **answer)

    assert_refused(words)


@pytest.mark.parametrize(
    "address",
    [
        "https://10.0.0.1/x",
        "https://192.168.1.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[fd00::1]/",
        "https://0.0.0.0/",
        "https://[::ffff:10.0.0.1]/",
        "https://127.0.0.1:1/",
        "https://localhost:1/",
    ],
)
def test_an_address_inside_is_not_called(
    app, browser, invited, platforms_of, invitation_of, address
):
    app.extensions["assay.http"] = OutgoingClient(user_agent="test", allow_loopback=False)
    fields = {"invite": invited(), "openid_configuration": address, "registration_token": ""}

    page = browser().post("/lti/register", data=fields)

    assert page.status_code == 422
    assert "could not be asked" in page.text
    assert "not public" in page.text
    assert platforms_of() == []
    assert invitation_of().used_at is None


@pytest.mark.parametrize(
    "address",
    [
        "http://new-lms.test/x",
        "ftp://new-lms.test/x",
        "javascript:alert(1)",
        "new-lms.test",
        "https://",
        "https://a b/",
        "https://new-lms.test/" + "x" * 2000,
    ],
)
def test_the_page_opens_for_no_address_that_may_not_be_called(
    app, browser, invited, new_lms, settings, address
):
    app.extensions["assay.settings"] = settings.model_copy(update={"allow_loopback": False})

    page = browser().get("/lti/register", query_string=new_lms.fields(invited(), address))

    assert page.status_code == 422
    assert "not a web address" in page.text or "too long" in page.text
    assert len(new_lms.wire.calls) == 0


@pytest.mark.parametrize("token", ["a b", "a\r\nHost: x", "x" * 9000, "é"])
def test_a_token_that_is_none_goes_nowhere(browser, invited, new_lms, token):
    page = browser().post(
        "/lti/register", data=new_lms.fields(invited()) | {"registration_token": token}
    )

    assert page.status_code == 422
    assert len(new_lms.wire.calls) == 0


def test_what_the_lms_says_of_itself_is_cut_and_cleaned(
    browser, invited, new_lms, platforms_of, admin
):
    strange = {
        "product_family_code": "<script>alert(1)</script>" + "x" * 500,
        "version": ["4"],
        "https://canvas.instructure.com/lti/account_name": "A\x00\u202eB" + "y" * 500,
        "messages_supported": [7, {"type": 7}, {"type": "T" * 500}, *[{"type": "x"}] * 5000],
        "notice_types_supported": {"a": "b"},
    }
    new_lms.offer(new_lms.configuration(scopes_supported=["x" * 5000, 7, None], **{LTI: strange}))
    new_lms.answer(deployment_id=["4"], scope={"a": "b"})

    browser().post("/lti/register", data=new_lms.fields(invited()))

    [platform] = platforms_of()
    assert platform.name == "AB" + "y" * 198
    assert len(platform.product_family) == 100
    assert platform.deployments == []
    page = admin.get(f"/admin/platforms/{platform.id}")
    assert page.status_code == 200
    assert "<script>alert" not in page.text


def test_hosts_that_are_not_the_issuer_s_are_shown_to_the_administrator(
    browser, invited, new_lms, platforms_of, admin
):
    new_lms.offer(
        new_lms.configuration(
            token_endpoint="https://tokens.elsewhere.example/t",
            jwks_uri="https://keys.new-lms.test/jwks",
        )
    )
    new_lms.answer()

    browser().post("/lti/register", data=new_lms.fields(invited()))

    [platform] = platforms_of()
    assert platform.status is PlatformStatus.PENDING
    assert platform.told["strange"] == ["tokens.elsewhere.example"]
    page = admin.get(f"/admin/platforms/{platform.id}").text
    assert page.count("not the issuer’s") == 1
    assert "Look twice" in page


def test_a_number_where_text_belongs_makes_no_error_of_ours(browser, invited, new_lms):
    new_lms.offer(new_lms.configuration(**{LTI: [1, 2], "authorization_server": 7}))
    new_lms.answer(client_id="c", scope=7)

    page = browser().post("/lti/register", data=new_lms.fields(invited()))

    assert page.status_code == 303
