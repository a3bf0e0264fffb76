"""What the verification page says beyond its verdict: reached levels, work, codes, forms."""

import html
import json
import re
from datetime import timedelta

import pytest

from app.awards.models import Award
from app.credentials.openbadge import to_json
from app.public import quickly
from tests.factories import NOON


@pytest.fixture
def url(award):
    return f"/credentials/{award.public_id}"


@pytest.fixture
def store(session, award):
    """Store another credential with the award, and other facts."""

    def store(credential=None, **facts):
        found = session.get(Award, award.id)
        if credential is not None:
            found.credential = to_json(credential)
        for name, value in facts.items():
            setattr(found, name, value)
        session.commit()

    return store


@pytest.fixture
def with_results(award, resign):
    """The award's credential with a level reached at the first criterion."""
    subject = json.loads(award.credential)["credentialSubject"]
    criterion = subject["achievement"]["resultDescription"][0]
    level = criterion["rubricCriterionLevel"][-1]
    result = {
        "type": ["Result"],
        "resultDescription": criterion["id"],
        "achievedLevel": level["id"],
    }
    return resign(credentialSubject={**subject, "result": [result]}), criterion, level


def test_the_page_says_which_rubric_levels_were_reached(stranger, store, with_results, url):
    credential, criterion, level = with_results
    store(credential)

    page = stranger.get(url).text

    assert ">Verified<" in page
    assert f"Reached: <strong>{html.escape(level['name'])}</strong>" in page
    assert page.count("level-reached") == 1
    assert "those that were reached are part of the signature" in page
    assert criterion["name"] in page


def test_levels_are_those_that_were_signed_whatever_the_rows_say(
    stranger, session, world, store, with_results, url
):
    store(with_results[0])
    criterion = world.level_1.criteria[0]
    criterion = session.get(type(criterion), criterion.id)
    criterion.name = "Forged criterion"
    criterion.rubric_levels[-1].name = "Forged level"
    session.commit()

    page = stranger.get(url).text

    assert "Forged" not in page
    assert ">Verified<" in page


def test_a_suspended_award_says_so_and_why(stranger, store, url):
    store(suspended_at=NOON + timedelta(days=1), suspension_reason="In <b>dispute</b>.")

    page = stranger.get(url)

    assert page.status_code == 200
    assert "Suspended – not valid at the moment" in page.text
    assert "In &lt;b&gt;dispute&lt;/b&gt;." in page.text
    assert "November 3, 2026" in page.text
    assert ">Verified<" not in page.text


def test_an_award_that_was_issued_again_says_when(stranger, store, resign, url):
    store(resign(validFrom="2026-11-09T12:00:00Z"))

    page = stranger.get(url).text

    assert "Issued again on" in page
    assert "November 9, 2026" in page
    assert ">Verified<" in page


def test_signed_evidence_is_named(stranger, store, resign, session, world, award, url):
    link = f"https://tool.test/credentials/{award.public_id}/evidence/1"
    piece = {
        "id": link,
        "type": ["Evidence"],
        "name": "Essay <1>",
        "digestMultibase": "uEiA",
        "mediaType": "application/pdf",
    }
    store(resign(evidence=[piece]))

    page = stranger.get(url).text

    assert ">Verified<" in page
    assert "Essay" not in page, "no work is shown without consent, whatever was signed once"


def test_the_page_has_a_code_to_itself_and_every_form_to_download(stranger, award, url):
    page = stranger.get(url).text

    code = stranger.get(f"{url}/qr.svg")
    assert f'src="{url}/qr.svg"' in page
    assert code.mimetype == "image/svg+xml"
    assert "max-age" in code.headers["Cache-Control"]
    for form in ("json", "png", "svg", "jwt"):
        assert f'href="{url}.{form}?download=1"' in page
    assert f'<link rel="canonical" href="https://tool.test{url}">' in page
    assert f'<meta property="og:url" content="https://tool.test{url}">' in page
    assert 'property="og:image" content="https://tool.test/achievements/' in page


NAMES = ["Mei Student", "<b>& \"' ]", "", None, "[gap]", "Ünï ﷺ 😀" * 20]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["plain", "results", "again"])
def test_the_page_that_is_filled_in_is_the_one_that_is_rendered(
    stranger, store, resign, with_results, award, url, monkeypatch, name, kind
):
    credential = {
        "plain": None,
        "results": with_results[0],
        "again": resign(validFrom="2026-11-09T12:00:00Z", validUntil="2096-11-09T12:00:00Z"),
    }[kind]
    store(credential, recipient_name=name)
    if kind == "again":
        store(valid_until=NOON.replace(year=2096, day=9))
    filled = [stranger.get(url).text, stranger.get(url).text]
    monkeypatch.setattr(quickly._STANDING, "first", lambda *_: None)

    whole = stranger.get(url).text

    assert ">Verified<" in whole
    assert filled == [whole, whole]
    assert not re.search(r"\[[0-9a-f]{16} ", whole)


def test_two_awards_of_one_version_share_nothing_of_their_own(
    stranger, session, world, app, award, url
):
    from app.awards.service import issue_if_due
    from tests.assessment.work import reached

    other = issue_if_due(
        session,
        person=world.other_learner,
        version=world.level_1,
        reached=reached(world.level_1),
        awarded_by=world.grantor.id,
        vault=app.extensions["assay.vault"],
        base_url="https://tool.test",
        now=NOON + timedelta(days=3),
    )
    session.commit()
    first = stranger.get(url).text

    second = stranger.get(f"/credentials/{other.public_id}").text

    assert other.recipient_name in second
    assert award.recipient_name not in second
    assert award.public_id not in second
    assert "November 5, 2026" in second
    assert other.public_id not in first


def test_a_changed_level_shows_on_pages_that_were_rendered_before(stranger, session, world, url):
    stranger.get(url)
    level = world.level_1.achievement.level
    session.get(type(level), level.id).description = "Described anew."
    session.commit()

    assert "Described anew." in stranger.get(url).text
