"""Public addresses that a credential points at."""

import json

import pytest

from app import create_app
from app.credentials.verify import verify_credential
from app.platforms.models import KeyStatus
from app.programme.service import add_issuer
from tests.factories import NOON, SVG, make_world


def test_an_achievement_is_shown_and_described(stranger, world):
    url = f"/achievements/{world.level_1.public_id}"

    page, document = stranger.get(url), stranger.get(f"{url}.json").json

    assert "Research Literacy" in page.text
    assert "Show it." in page.text
    assert document["id"] == f"https://tool.test{url}"
    assert document["type"] == ["Achievement"]
    assert document["creator"]["id"] == "did:web:tool.test"
    assert [result["name"] for result in document["resultDescription"]] == [
        "Criterion 1",
        "Criterion 2",
    ]
    by_accept = stranger.get(url, headers={"Accept": "application/ld+json"})
    assert by_accept.json == document


def test_the_picture_is_the_levels_and_cannot_act(stranger, world):
    picture = stranger.get(f"/achievements/{world.level_1.public_id}/image.svg")

    assert picture.mimetype == "image/svg+xml"
    assert picture.text == SVG
    assert "sandbox" in picture.headers["Content-Security-Policy"]
    assert "script-src" not in picture.headers["Content-Security-Policy"]
    assert stranger.get("/achievements/x/image.svg").status_code == 404


def test_a_draft_is_not_public(stranger, session, world):
    world.level_1.status = "draft"
    session.commit()

    assert stranger.get(f"/achievements/{world.level_1.public_id}").status_code == 404


def test_a_superseded_version_stays(stranger, session, world):
    world.level_1.status = "superseded"
    session.commit()

    assert (
        "There is a newer version" in stranger.get(f"/achievements/{world.level_1.public_id}").text
    )


def test_an_issuer_is_shown_and_described(stranger, world):
    page = stranger.get("/issuers/college")
    document = stranger.get("/issuers/college.json").json

    assert "College of Examples" in page.text
    assert document["id"] == "did:web:tool.test"
    assert "email" not in document, "what is missing is left out"
    assert stranger.get("/issuers/college", headers={"Accept": "application/json"}).json == document


def test_the_did_document_verifies_what_was_awarded(stranger, world, award):
    document = stranger.get("/.well-known/did.json")

    assert document.mimetype == "application/json"
    assert document.headers["Access-Control-Allow-Origin"] == "*"
    outcome = verify_credential(json.loads(award.credential), did_document=document.json, now=NOON)
    assert outcome.is_valid, outcome.reason


def test_every_issuer_has_a_did_document_of_its_own(app, stranger, session, world):
    second = add_issuer(
        session,
        world.institution.id,
        slug="nursing",
        name="School of Nursing",
        url="https://nursing.test",
        email=None,
        description=None,
        vault=app.extensions["assay.vault"],
        actor="command:x",
        now=NOON,
    )
    session.commit()

    document = stranger.get("/issuers/nursing/did.json").json

    assert document["id"] == "did:web:tool.test:issuers:nursing"
    assert [m["publicKeyMultibase"] for m in document["verificationMethod"]] == [
        second.keys[0].multikey
    ]
    assert stranger.get("/issuers/college/did.json").status_code == 404
    assert stranger.get("/nowhere/did.json").status_code == 404


@pytest.mark.parametrize(
    ("status", "is_published"),
    [(KeyStatus.NEXT, True), (KeyStatus.RETIRING, True), (KeyStatus.REVOKED, False)],
)
def test_a_revoked_key_is_not_published(stranger, session, world, status, is_published):
    world.issuer.keys[0].status = status
    session.commit()

    assert (stranger.get("/.well-known/did.json").status_code == 200) is is_published


def test_without_an_issuer_there_is_no_did_document(stranger):
    assert stranger.get("/.well-known/did.json").status_code == 404


def test_a_second_institution_does_not_change_the_first_ones_pages(app, stranger, session, world):
    before = stranger.get("/.well-known/did.json").json
    make_world(session, app.extensions["assay.vault"], "other")

    assert stranger.get("/.well-known/did.json").json == before


def test_the_health_page_asks_the_database(stranger):
    page = stranger.get("/healthz")

    assert (page.status_code, page.json) == (200, {"status": "ok"})
    assert page.headers["Cache-Control"] == "no-store"


def test_a_database_that_is_away_shows_and_nothing_leaks(settings):
    away = "postgresql+psycopg://somebody:password@127.0.0.1:1/nowhere"
    app = create_app(settings.model_copy(update={"database_url": away}))

    page = app.test_client().get("/healthz")

    assert (page.status_code, page.json) == (503, {"status": "unavailable"})


def test_an_issuer_lists_what_it_awards_now(stranger, session, world):
    address = f"/issuers/{world.issuer.slug}"
    before = stranger.get(address).text
    achievement = world.level_2.achievement
    session.get(type(achievement), achievement.id).retired_at = NOON
    session.commit()

    after = stranger.get(address).text

    for version in (world.level_1, world.level_2):
        assert f'href="/achievements/{version.public_id}"' in before
    assert world.level_1.public_id in after
    assert world.level_2.public_id not in after, "it was taken out of use"
    assert f"https://tool.test/ob2/issuers/{world.issuer.slug}" in after
