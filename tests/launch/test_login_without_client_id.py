"""A login that names no client id: which registration of the issuer it is for."""

import pytest

from app.platforms.models import PlatformStatus
from tests import factories


@pytest.fixture
def register_again(session, world):
    """Add a registration of the world's issuer in some state."""

    def add(client_id: str, status: PlatformStatus) -> None:
        platform, _deployment = factories.make_platform(
            session, world.institution, f"https://{client_id}.test"
        )
        platform.issuer, platform.client_id = "https://lms.test", client_id
        platform.status = status
        session.commit()

    return add


@pytest.mark.parametrize("given", [{}, {"lti_deployment_id": "1"}, {"lti_deployment_id": "9"}])
@pytest.mark.parametrize("status", [PlatformStatus.PENDING, PlatformStatus.DISABLED])
def test_a_registration_that_may_not_launch_casts_no_doubt_on_one_that_may(
    lms, browser, register_again, status, given
):
    register_again("second", status)
    register_again("third", status)

    login = lms.login(browser(), client_id=None, **given)

    assert login.address.startswith("https://lms.test/auth?")


@pytest.mark.parametrize(
    ("statuses", "words"),
    [
        ([PlatformStatus.DISABLED, PlatformStatus.PENDING], "waits for its own administrator"),
        ([PlatformStatus.PENDING, PlatformStatus.PENDING], "waits for its own administrator"),
        ([PlatformStatus.DISABLED, PlatformStatus.DISABLED], "are switched off here"),
    ],
)
def test_where_no_registration_may_launch_a_login_is_told_why(
    browser, session, world, register_again, statuses, words
):
    world.platform.status = PlatformStatus.DISABLED
    for number, status in enumerate(statuses):
        register_again(f"client{number}", status)

    page = browser().get("/lti/login", query_string={"iss": "https://lms.test", "login_hint": "x"})

    assert page.status_code == 403
    assert words in page.text


def test_of_two_that_may_launch_the_named_deployment_decides_or_nothing_does(
    browser, register_again
):
    register_again("second", PlatformStatus.ACTIVE)
    values = {"iss": "https://lms.test", "login_hint": "x", "lti_deployment_id": "1"}

    page = browser().get("/lti/login", query_string=values)

    assert page.status_code == 403, "both have a deployment 1"
    assert "under which client id" in page.text
