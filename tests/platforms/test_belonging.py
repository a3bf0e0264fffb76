"""What the tool signs goes to the LMS of the registration: nobody borrows another's client id."""

import pytest

from app.core.clock import utcnow
from app.core.errors import ConflictError, InvalidError
from app.platforms.models import Platform, PlatformStatus
from app.platforms.service import register_platform, set_platform_status, update_platform
from tests import factories
from tests.campus import make_platform

BRIGHTSPACE = {
    "auth_url": "https://learn.school.test/d2l/lti/authenticate",
    "token_url": "https://auth.brightspace.com/core/connect/token",
    "jwks_url": "https://learn.school.test/d2l/.well-known/jwks",
    "token_audience": "https://api.brightspace.com/auth/token",
}
CANVAS = {
    "auth_url": "https://sso.canvaslms.com/api/lti/authorize_redirect",
    "token_url": "https://sso.canvaslms.com/login/oauth2/token",
    "jwks_url": "https://sso.canvaslms.com/api/lti/security/jwks",
}
CANVAS_BETA = {name: url.replace("sso.", "sso.beta.") for name, url in CANVAS.items()}
APART = "registered here for another LMS"
NOT_ITS_OWN = "belongs neither to the access token URL nor to the issuer"


def on(base: str) -> dict[str, str]:
    """Return the addresses of an LMS that stands on one host."""
    return {name: f"{base}/{name[:-4]}" for name in ("auth_url", "token_url", "jwks_url")}


@pytest.fixture
def register(session, world):
    """Register a platform as every way in does; of a second institution if asked."""

    def keep(issuer: str, client_id: str = "assay", *, institution=None, **addresses) -> Platform:
        return register_platform(
            session,
            (institution or world.institution).id,
            name="LMS",
            issuer=issuer,
            client_id=client_id,
            actor="command:test",
            now=utcnow(),
            **(on(issuer) | addresses),
        )

    return keep


@pytest.fixture
def second_institution(session):
    return factories.make_institution(session, "second")


@pytest.mark.parametrize(
    "named",
    [
        {"token_endpoint": "https://lms.test/token"},
        {"token_endpoint": "https://LMS.TEST.:443/token"},
        {"token_endpoint": "https://alias.lms.test/token"},
        {"authorization_endpoint": "https://lms.test/auth"},
        {"jwks_uri": "https://lms.test/jwks"},
        {"authorization_server": "https://lms.test/token"},
    ],
    ids=["token", "token, otherwise written", "another name", "sign-in", "keys", "audience"],
)
@pytest.mark.parametrize("client_id", ["assay", "ASSAY"])
def test_an_lms_that_registers_itself_cannot_take_anothers_client_id_and_address(
    browser, invited, new_lms, platforms_of, invitation_of, named, client_id
):
    new_lms.offer(new_lms.configuration(**named))
    new_lms.answer(client_id=client_id)

    page = browser().post("/lti/register", data=new_lms.fields(invited()))

    assert page.status_code == 422
    assert "Assay was not registered" in page.text
    assert (NOT_ITS_OWN if "authorization_server" in named else APART) in page.text
    assert platforms_of() == []
    assert invitation_of().used_at is None


@pytest.mark.parametrize(
    ("audience", "words"),
    [
        ("https://lms.test/token", NOT_ITS_OWN),
        ("https://new-lms.test@lms.test/token", NOT_ITS_OWN),
        ("lms.test", "must be a whole http(s) address"),
        ("ftp://new-lms.test/token", "must be a whole http(s) address"),
        ("https://[", "must be a whole http(s) address"),
    ],
)
def test_the_audience_that_an_lms_names_must_be_its_own(
    browser, invited, new_lms, platforms_of, audience, words
):
    new_lms.offer(new_lms.configuration(authorization_server=audience))
    new_lms.answer(client_id="any")

    page = browser().post("/lti/register", data=new_lms.fields(invited()))

    assert page.status_code == 422
    assert words in page.text
    assert platforms_of() == []


def test_a_registration_by_hand_with_anothers_audience_comes_back_with_the_reason(admin, session):
    values = {"name": "N", "issuer": "https://x.test", "client_id": "c", **on("https://x.test")}

    page = admin.post(
        "/admin/platforms/add", data=values | {"token_audience": "https://lms.test/token"}
    )

    assert page.status_code == 422
    assert NOT_ITS_OWN in page.text
    assert 'value="https://x.test/auth"' in page.text, "nothing that was typed is lost"
    assert session.query(Platform).count() == 1


def test_another_institution_does_not_get_a_token_of_this_ones_lms(second_institution, register):
    """Related to a made-up issuer is not enough: the audience would be this LMS's."""
    with pytest.raises(ConflictError, match=APART):
        register(
            "https://made-up.lms.test",
            institution=second_institution,
            **on("https://elsewhere.test"),
            token_audience="https://other-name.lms.test/token",
        )


@pytest.mark.parametrize("status", list(PlatformStatus))
def test_the_order_of_registration_and_the_state_of_the_other_do_not_matter(
    session, world, register, second_institution, status
):
    first = register(
        "https://first.example", "c", institution=second_institution, token_url="https://b.test/t"
    )
    first.status = status
    session.flush()

    with pytest.raises(ConflictError, match=APART):
        register("https://b.test", "c")


def test_an_edit_does_not_get_there_either(admin, session, world):
    other, _deployment = make_platform(session, world.institution, "https://moodle.test")
    session.commit()
    values = {"name": "Moodle", **on("https://moodle.test")}
    place = f"/admin/platforms/{other.id}/edit"

    token = admin.post(place, data=values | {"token_url": "https://lms.test/token"})
    audience = admin.post(place, data=values | {"token_audience": "https://lms.test/token"})
    own = admin.post(place, data=values | {"token_audience": "https://api.moodle.test/token"})

    assert (token.status_code, audience.status_code, own.status_code) == (422, 422, 303)
    assert APART in token.text
    assert NOT_ITS_OWN in audience.text
    session.refresh(other)
    assert other.token_url == "https://moodle.test/token"
    assert other.token_audience == "https://api.moodle.test/token"


def test_a_neighbour_in_the_same_domain_cannot_name_this_lms_s_audience(register):
    with pytest.raises(ConflictError, match=APART):
        register("https://neighbour.lms.test", token_audience="https://lms.test/token")


def test_what_was_kept_under_older_rules_is_not_switched_on(admin, session, world):
    old, _deployment = make_platform(session, world.institution, "https://old.test")
    old.token_url, old.status = "https://lms.test/token", PlatformStatus.PENDING
    session.commit()

    page = admin.post(f"/admin/platforms/{old.id}/approve")

    assert page.status_code == 409
    assert APART in page.text
    session.refresh(old)
    assert old.status is PlatformStatus.PENDING


def test_real_platforms_pass(register, session):
    """Source: the vendors' documented values; two customers share Brightspace's token host."""
    register("https://learn.school.test", "d2l-1", **BRIGHTSPACE)
    register("https://school.brightspace.com", "d2l-2", **BRIGHTSPACE)
    register("https://canvas.instructure.com", "10000000000001", **CANVAS)
    register("https://canvas.instructure.com", "10000000000002", **CANVAS)
    copy = register("https://canvas.beta.instructure.com", "10000000000001", **CANVAS_BETA)
    register("https://moodle1.uni.test", "same")
    register("https://moodle2.uni.test", "same")
    register("https://far.test", "same")
    set_platform_status(session, copy, PlatformStatus.ACTIVE, actor="command:test", now=utcnow())


def test_one_lms_registered_twice_under_two_issuers_is_refused(register):
    register("https://canvas.instructure.com", "10000000000001", **CANVAS)

    with pytest.raises(ConflictError, match=APART):
        register("https://canvas.instructure.com/", "10000000000001", **CANVAS)


def test_one_issuers_client_ids_are_not_told_apart_by_capitals_alone(register):
    with pytest.raises(ConflictError, match=APART):
        register("https://lms.test", "Assay", token_url="https://elsewhere.test/token")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_platforms_on_this_machine_are_told_apart_by_their_ports(register, host):
    register("http://localhost:8001", "practice", token_audience=f"http://{host}:8001/audience")
    register(f"http://{host}:8002", "practice")

    with pytest.raises(ConflictError, match=APART):
        register("http://localhost:8003", "practice", token_url=f"http://{host}:8002/token")


def test_an_edit_of_ones_own_registration_does_not_meet_itself(register, session):
    platform = register("https://learn.school.test", "d2l", **BRIGHTSPACE)
    said = BRIGHTSPACE | {"name": "New name", "approves_deployments": True}

    update_platform(session, platform, **said, actor="command:test", now=utcnow())

    assert platform.name == "New name"
    with pytest.raises(InvalidError, match=NOT_ITS_OWN):
        update_platform(
            session,
            platform,
            **(said | {"token_audience": "https://lms.test/token"}),
            actor="command:test",
            now=utcnow(),
        )
    assert platform.token_audience == BRIGHTSPACE["token_audience"]


def test_the_audience_stands_among_the_hosts_and_is_marked(
    browser, invited, new_lms, platforms_of, admin
):
    new_lms.offer(
        new_lms.configuration(
            token_endpoint="https://tokens.vendor.example/t",
            authorization_server="https://api.vendor.example/audience",
        )
    )
    new_lms.answer()

    browser().post("/lti/register", data=new_lms.fields(invited()))

    [platform] = platforms_of()
    assert platform.told["strange"] == ["tokens.vendor.example", "api.vendor.example"]
    page = admin.get(f"/admin/platforms/{platform.id}").text
    hosts = page.partition('id="hosts"')[2].partition("</section>")[0]
    row = hosts.partition("Audience of token requests")[2].partition("</tr>")[0]
    assert "api.vendor.example" in row
    assert "not the issuer’s" in row
