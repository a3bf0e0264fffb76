"""One's own credentials."""

from app.awards.revoking import revoke_award
from tests import factories
from tests.factories import NOON
from tests.signing import SIGNING


def test_nothing_earned_yet_teaches(browser, world):
    page = browser(world.learner).get("/my/credentials")

    assert "Your credentials will stand here" in page.text


def test_ones_own_credentials_are_listed_each_with_its_page(browser, world, award):
    page = browser(world.learner).get("/my/credentials")

    assert "Research Literacy" in page.text
    assert "Badge Level I" in page.text
    assert f'href="/my/credentials/{award.public_id}"' in page.text
    assert "Research Literacy" not in browser(world.other_learner).get("/my/credentials").text


def test_a_page_below_it_is_no_way_back_from_the_list(browser, world, award):
    mei, list_ = browser(world.learner), "/my/credentials"

    below = mei.get(list_, headers={"Referer": f"https://tool.test{list_}/{award.public_id}"})
    beside = mei.get(list_, headers={"Referer": "https://tool.test/my/path"})

    assert ">Back<" not in below.text
    assert '<a href="/my/path">Back</a>' in beside.text


def test_a_revoked_credential_says_so(browser, session, world, award):
    revoke_award(session, award, reason="Copied.", actor="command:revoke", **SIGNING, now=NOON)
    session.commit()

    page = browser(world.learner).get("/my/credentials")

    assert "Revoked" in page.text
    assert "Copied." in page.text
    assert "Download" not in page.text


def test_an_expired_session_is_refused(app, browser, session, world):
    client = app.test_client()
    sid = factories.make_session(session, world.learner, hours=-1)
    with client.session_transaction(base_url="https://tool.test") as cookie:
        cookie["sid"] = sid

    assert client.get("/my/credentials").status_code == 401
