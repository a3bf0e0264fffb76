"""Redacted copies are checked for malware before anybody else opens them."""

from io import BytesIO

import pytest
from sqlalchemy import select

from app.core.audit import AuditEntry
from app.evidence.consent_models import RedactedCopy
from app.evidence.models import ScanState
from tests import campus
from tests.assessment.consent import PIXEL, consent
from tests.clamd import EICAR, FOUND

CLEAN = PIXEL + b"\0"


@pytest.fixture
def copy(session, shown, share, here):
    """Sign for a redacted copy of the picture; return its row, as often as it is asked for."""

    def send(content):
        share("no", "redacted", **{f"copy_{shown[1][1].id}": (BytesIO(content), "public.png")})

        def read():
            session.rollback()
            session.expire_all()
            return session.scalars(select(RedactedCopy)).one()

        return read

    return send


@pytest.fixture
def public(browser, session, award):
    """Return what a stranger gets: the page's words, and the file's status."""

    def look():
        page = f"/credentials/{award.public_id}/evidence"
        item = consent(session).items[0].id
        return browser().get(page).text, browser().get(f"{page}/{item}").status_code

    return look


def test_a_copy_is_shown_once_it_was_found_clean(browser, world, scanner, scan, copy, public, here):
    sent = copy(CLEAN)
    assert sent().scan_state is ScanState.WAITING
    words, status = public()
    assert ("public.png" in words, status) == (False, 404)
    assert "is being checked for malware" in browser(world.learner).get(here).text

    assert scan()

    assert sent().scan_state is ScanState.CLEAN
    words, status = public()
    assert ("public.png" in words, status) == (True, 200)
    assert "No malware found" in browser(world.learner).get(here).text


def test_an_infected_copy_is_locked_away_and_its_learner_told(
    browser, session, world, settings, scanner, scan, copy, public, here
):
    sent = copy(CLEAN + EICAR)

    assert scan()

    assert (sent().scan_state, sent().finding) == (ScanState.INFECTED, FOUND)
    assert (settings.storage_dir / "quarantine" / sent().storage_key).exists()
    words, status = public()
    assert ("Nothing can be shown at the moment" in words, status) == (True, 404)
    page = browser(world.learner).get(here).text
    assert "Malware was found in your redacted copy “public.png”" in page
    entry = session.scalars(
        select(AuditEntry).where(AuditEntry.action == "redacted_copy.quarantined")
    ).one()
    assert entry.subject == f"artifact:{sent().artifact_id}"
    assert entry.facts["finding"] == FOUND


def test_an_infected_copy_cannot_be_signed_again(
    browser, session, world, shown, here, scanner, scan, copy
):
    copy(CLEAN + EICAR)
    assert scan()
    mei = browser(world.learner)
    ways = {f"shown_{shown[1][0].id}": "no", f"shown_{shown[1][1].id}": "redacted"}

    refused = mei.post(here, data={**ways, "audience": "public"})

    assert refused.status_code == 422
    assert "send a clean one" in refused.text


def test_a_false_alarm_about_a_copy_ends(
    browser, session, world, settings, scanner, scan, copy, public
):
    campus.make_administrator(session, world.instructor)
    sent = copy(CLEAN + EICAR)
    assert scan()
    olu = browser(world.instructor)
    assert "Redacted copy" in olu.get("/admin/files").text

    again = olu.post(f"/admin/files/redacted_copy/{sent().id}/scan-again")

    assert again.status_code == 303
    # The signatures are newer: what lies there is harmless by now.
    (settings.storage_dir / "quarantine" / sent().storage_key).write_bytes(CLEAN)
    assert scan()
    assert (sent().scan_state, sent().finding) == (ScanState.CLEAN, None)
    assert public()[1] == 200
    assert olu.post("/admin/files/nonsense/1/scan-again").status_code == 404


def test_without_a_scanner_a_copy_is_shown_at_once(copy, public):
    sent = copy(CLEAN)

    assert sent().scan_state is ScanState.NOT_SCANNED
    assert public()[1] == 200
