"""One's own credential: who sees it, its files, how it is shown elsewhere."""

import html
import io
import json
import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from app.awards.models import Award, Visibility
from app.awards.revoking import revoke_award
from app.core.audit import AuditEntry
from app.core.clock import utcnow
from app.credentials.baking import unbake
from app.credentials.jwt import verify_jwt
from app.programme.issuer_keys import ensure_token_key
from tests.factories import NOON
from tests.signing import SIGNING

PUBLIC_FORMS = ("", ".json", ".jwt", ".png", ".svg", "/qr.svg", "/evidence")


@pytest.fixture
def here(award):
    return f"/my/credentials/{award.public_id}"


@pytest.fixture
def vault(app):
    return app.extensions["assay.vault"]


@pytest.fixture
def token_key(session, world, vault):
    key = ensure_token_key(session, world.issuer, vault, NOON)
    session.commit()
    return key


@pytest.fixture
def change(session, award):
    """Change what is recorded of the award."""

    def change(**facts):
        found = session.get(Award, award.id)
        for name, value in facts.items():
            setattr(found, name, value)
        session.commit()
        return found

    return change


def choose(client, here, visibility):
    return client.post(f"{here}/visibility", data={"visibility": visibility})


@pytest.mark.parametrize(
    ("ending", "media_type"),
    [
        ("json", "application/vc+ld+json"),
        ("jwt", "text/plain"),
        ("png", "image/png"),
        ("svg", "image/svg+xml"),
    ],
)
def test_every_form_is_handed_to_its_holder_as_a_file(
    browser, world, award, here, token_key, ending, media_type
):
    mei = browser(world.learner)
    link = f"{here}/file.{ending}"

    assert f'href="{link}"' in mei.get(here).text
    sent = mei.get(link)

    slug = award.version.achievement.slug
    assert (sent.status_code, sent.mimetype) == (200, media_type)
    assert sent.headers["Content-Disposition"] == f"attachment; filename={slug}.{ending}"
    assert sent.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in sent.headers["Cache-Control"]
    assert sent.data == browser(None).get(f"/credentials/{award.public_id}.{ending}").data


def test_the_files_carry_the_credential_that_was_signed(browser, world, award, here, token_key):
    mei = browser(world.learner)

    did_document = mei.get("/.well-known/did.json").get_json()
    token = verify_jwt(mei.get(f"{here}/file.jwt").text, did_document=did_document)

    assert mei.get(f"{here}/file.json").text == award.credential
    assert unbake(mei.get(f"{here}/file.png").data).ob3 == award.credential
    assert unbake(mei.get(f"{here}/file.svg").data).ob3 == award.credential
    assert token["id"] == json.loads(award.credential)["id"]


def test_the_certificate_carries_the_credential_as_it_is_served(browser, world, award, here):
    mei = browser(world.learner)

    sent = mei.get(f"{here}/file.pdf")

    assert sent.mimetype == "application/pdf"
    assert sent.headers["Content-Disposition"].startswith("attachment; ")
    reader = PdfReader(io.BytesIO(sent.data))
    served = browser(None).get(f"/credentials/{award.public_id}.json").data
    assert reader.attachments == {"credential.json": [served]}
    assert not reader.is_encrypted
    text = reader.pages[0].extract_text()
    for words in (
        "Mei Student",
        "Research Literacy",
        f"https://tool.test/credentials/{award.public_id}",
    ):
        assert words in text


def test_an_award_without_a_name_names_its_holder_otherwise(browser, world, here, change):
    change(recipient_name=None)

    sent = browser(world.learner).get(f"{here}/file.pdf")

    text = PdfReader(io.BytesIO(sent.data)).pages[0].extract_text()
    assert "the holder of the attached credential" in text


def test_an_issuer_without_a_key_for_tokens_offers_none(browser, world, here):
    mei = browser(world.learner)

    assert "file.jwt" not in mei.get(here).text
    assert mei.get(f"{here}/file.jwt").status_code == 404
    assert mei.get(f"{here}/file.exe").status_code == 404


def test_nobody_else_opens_it_changes_it_or_takes_its_files(browser, session, world, award, here):
    for person in (world.other_learner, world.grantor, world.instructor):
        other = browser(person)
        assert other.get(here).status_code == 404
        assert other.get(f"{here}/file.json").status_code == 404
        assert choose(other, here, "private").status_code == 404
    assert browser(None).get(here).status_code == 401

    session.expire_all()
    assert session.get(Award, award.id).visibility is Visibility.LINK


def test_private_closes_every_public_form_at_once(browser, world, award, here, token_key):
    mei, stranger = browser(world.learner), browser(None)
    base = f"/credentials/{award.public_id}"
    addresses = [base + ending for ending in PUBLIC_FORMS] + [f"/ob2/assertions/{award.public_id}"]
    before = {each: stranger.get(each).status_code for each in addresses}

    page = choose(mei, here, "private")

    assert (page.status_code, page.location) == (303, here)
    assert before == dict.fromkeys(addresses, 200) | {f"{base}/evidence": 404}
    assert {each: stranger.get(each).status_code for each in addresses} == dict.fromkeys(
        addresses, 404
    )
    as_machine = stranger.get(base, headers={"Accept": "application/vc+ld+json"})
    assert as_machine.status_code == 404
    assert "Only you see it" in mei.get("/my/credentials").text
    assert mei.get(f"{here}/file.json").text == award.credential, "its holder keeps it"


def test_what_was_private_can_be_shown_again(browser, world, award, here):
    mei = browser(world.learner)
    choose(mei, here, "private")

    choose(mei, here, "public")

    assert browser(None).get(f"/credentials/{award.public_id}").status_code == 200


def test_the_choice_is_written_down_once(browser, session, world, award, here):
    mei = browser(world.learner)

    for visibility in ("private", "private", "link"):
        choose(mei, here, visibility)

    entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "award.visibility"))
    assert [(each.actor, each.subject, each.facts) for each in entries] == [
        (
            f"person:{world.learner.id}",
            f"award:{award.id}",
            {"before": "link", "after": "private"},
        ),
        (
            f"person:{world.learner.id}",
            f"award:{award.id}",
            {"before": "private", "after": "link"},
        ),
    ]


@pytest.mark.parametrize("visibility", ["", "everyone"])
def test_a_choice_that_there_is_not_is_a_form_error(
    browser, session, world, award, here, visibility
):
    page = choose(browser(world.learner), here, visibility)

    assert page.status_code == 422
    session.expire_all()
    assert session.get(Award, award.id).visibility is Visibility.LINK


def test_a_choice_without_the_form_token_is_refused(app, browser, session, world, award, here):
    app.config["WTF_CSRF_ENABLED"] = True

    page = choose(browser(world.learner), here, "private")

    assert page.status_code in {400, 403}
    session.expire_all()
    assert session.get(Award, award.id).visibility is Visibility.LINK


def linkedin_of(page):
    found = re.search(r'href="(https://www\.linkedin\.com/[^"]*)"', page)
    return html.unescape(found[1]) if found else None


def test_linkedin_is_told_everything_encoded(browser, session, world, award, here, change):
    version = change(valid_until=utcnow() + timedelta(days=400)).version
    version.name = "R&D = 100 % “Forschung” + #1 日本 😀"
    version.achievement.issuer.name = "Example & Sons?"
    session.commit()

    address = linkedin_of(browser(world.learner).get(here).text)

    assert re.fullmatch(r"[A-Za-z0-9%&=?/:.~_-]+", address)
    assert " " not in address
    assert "+" not in address
    ends = session.get(Award, award.id).valid_until
    assert parse_qs(urlsplit(address).query, strict_parsing=True) == {
        "startTask": ["CERTIFICATION_NAME"],
        "name": ["R&D = 100 % “Forschung” + #1 日本 😀"],
        "organizationName": ["Example & Sons?"],
        "issueYear": [str(award.awarded_at.year)],
        "issueMonth": [str(award.awarded_at.month)],
        "expirationYear": [str(ends.year)],
        "expirationMonth": [str(ends.month)],
        "certUrl": [f"https://tool.test/credentials/{award.public_id}"],
        "certId": [award.public_id],
    }


def test_without_an_end_linkedin_is_told_none(browser, world, here):
    assert "expiration" not in linkedin_of(browser(world.learner).get(here).text)


@pytest.mark.parametrize(
    "facts",
    [
        {"visibility": Visibility.PRIVATE},
        {"valid_until": NOON},
        {"revoked_at": NOON, "revocation_reason": "Copied."},
        {"suspended_at": NOON, "suspension_reason": "In dispute."},
    ],
)
def test_what_does_not_hold_or_is_private_is_no_matter_for_linkedin(
    browser, world, here, change, facts
):
    change(**facts)

    assert linkedin_of(browser(world.learner).get(here).text) is None


def test_the_code_for_a_page_of_ones_own_is_safe_html(browser, session, world, award, here):
    found = session.get(Award, award.id)
    found.version.name = '"><script>alert(1)</script>'
    session.commit()

    page = browser(world.learner).get(here).text

    code = html.unescape(re.search(r"<code[^>]*>(&lt;a href.*?)</code>", page)[1])
    assert code.startswith(f'<a href="https://tool.test/credentials/{award.public_id}"><img ')
    assert f'src="https://tool.test/credentials/{award.public_id}.png"' in code
    assert "<script" not in code
    assert "&quot;&gt;&lt;script&gt;" in code


def test_a_private_or_revoked_one_has_no_code_for_other_pages(browser, world, here, change):
    mei = browser(world.learner)
    change(visibility=Visibility.PRIVATE)
    private = mei.get(here).text
    change(visibility=Visibility.LINK, revoked_at=NOON, revocation_reason="Copied.")
    revoked = mei.get(here).text

    assert "&lt;a href" not in private
    assert "&lt;a href" not in revoked


def test_its_address_stands_there_as_text_to_be_copied(browser, world, award, here):
    page = browser(world.learner).get(here).text

    address = f"https://tool.test/credentials/{award.public_id}"
    assert f'<code class="address" data-copy>{address}</code>' in page
    assert "js/copy.js" in page


def test_a_revoked_one_says_why_and_hands_out_nothing(browser, session, world, award, here):
    revoke_award(session, award, reason="Copied.", actor="command:revoke", **SIGNING, now=NOON)
    session.commit()
    mei = browser(world.learner)

    page = mei.get(here).text

    assert "Revoked" in page
    assert "Copied." in page
    assert "/file." not in page
    assert mei.get(f"{here}/file.json").status_code == 409
