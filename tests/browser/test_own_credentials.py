"""One's own credentials inside the LMS frame: looked at, downloaded, kept private."""

import re
import zipfile
from datetime import timedelta

import pypdfium2
import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from app.awards.issuing import issue_award
from app.awards.revoking import revoke_award
from app.catalog.models import PUBLISHED_STATUSES, AchievementVersion
from app.catalog.stacks import BY_RULE
from app.core.clock import utcnow
from app.core.db import transaction
from app.courses.models import Person
from app.programme.issuer_keys import ensure_token_key
from tests.browser.axe import assert_no_violations
from tests.browser.conftest import RESULTS

pytestmark = pytest.mark.browser

LONG = "Interdisciplinary Research Literacy and Collaborative Writing in Large Laboratory Groups"


def award_several(campus) -> tuple[str, str, str]:
    """Award Mei four credentials: one with a long name, an expired and a revoked one.

    Return the public ids of the first, the one with the long name and the revoked one.
    """
    now = utcnow()
    facts = {"vault": campus.app.extensions["assay.vault"], "now": now}
    with campus.app.app_context(), transaction() as session:
        mei = session.scalars(select(Person).where(Person.name == "Mei Student")).one()
        published = session.scalars(
            select(AchievementVersion)
            .where(AchievementVersion.status.in_(PUBLISHED_STATUSES))
            .order_by(AchievementVersion.id)
        ).all()
        newest = {each.achievement_id: each for each in published}
        earned = [each for each in newest.values() if each.achievement.level.award_by != BY_RULE]
        versions = earned[:4]
        versions[1].name = LONG
        for version in versions:
            ensure_token_key(session, version.achievement.issuer, facts["vault"], now)
        awards = [
            issue_award(
                session,
                person=mei,
                version=version,
                awarded_by=None,
                actor="test",
                base_url=campus.tool,
                **facts,
            )
            for version in versions
        ]
        awards[1].recipient_name = "Maria del Carmen Anastasia " * 6
        awards[2].valid_until = now - timedelta(days=1)
        revoke_award(
            session,
            awards[3],
            reason="The work was not hers.",
            actor="test",
            base_url=campus.tool,
            **facts,
        )
        return awards[0].public_id, awards[1].public_id, awards[3].public_id


def open_mine(lms_page, campus):
    """Open one's own credentials by the page's own link, which knows its session."""
    tool = lms_page.open("Reflection memo")
    tool.get_by_role("link", name=re.compile("[Cc]redentials")).first.click()
    expect(tool.get_by_role("heading", name="My credentials")).to_be_visible()
    return tool


def download(lms_page, tool, name):
    with lms_page.page.expect_download() as waiting:
        tool.get_by_role("link", name=re.compile(f"^{re.escape(name)}")).click()
    return waiting.value


def draw(pdf, name):
    """Keep a picture of the one page of a certificate at both widths."""
    document = pypdfium2.PdfDocument(pdf)
    assert len(document) == 1
    page = document[0]
    for width in (360, 1000):
        picture = page.render(scale=width / page.get_width()).to_pil()
        picture.save(RESULTS / f"{name}-{width}.png")
    page.close()
    document.close()


def test_credentials_are_looked_at_and_downloaded_inside_the_frame(
    lms_page, campus, look, tmp_path
):
    lms_page.become("Mei Student")
    tool = open_mine(lms_page, campus)
    look(lms_page.page, "1-none")
    first, long, revoked = award_several(campus)

    tool = open_mine(lms_page, campus)
    lms_page.settle()
    assert_no_violations(tool)
    look(lms_page.page, "2-several")
    lms_page.settle()
    tool.locator(f'a[href$="/my/credentials/{first}"]').first.click()
    expect(tool.get_by_role("heading", name="Keep it")).to_be_visible()
    lms_page.settle()
    assert_no_violations(tool)
    look(lms_page.page, "3-one")
    lms_page.settle()

    kept = {}
    for name, ending in (
        *(("Certificate (PDF)", "pdf"), ("Picture (PNG)", "png"), ("Picture (SVG)", "svg")),
        *(("Credential (JSON)", "json"), ("Credential (JWT)", "jwt"), ("Download all", "zip")),
    ):
        file = download(lms_page, tool, name)
        assert file.suggested_filename.endswith(f".{ending}")
        kept[ending] = tmp_path / f"kept.{ending}"
        file.save_as(kept[ending])
    draw(kept["pdf"], "certificate")
    with zipfile.ZipFile(kept["zip"]) as package:
        assert package.read("credential.json") == kept["json"].read_bytes()
        assert package.read("credential.jwt") == kept["jwt"].read_bytes()
    expect(tool.get_by_role("heading", name="Keep it")).to_be_visible()
    expect(tool.get_by_role("button", name=re.compile("^Copy"))).to_have_count(2)

    tool.get_by_label("Nobody but me").check()
    tool.get_by_role("button", name="Save", exact=True).click()
    expect(tool.get_by_text("Saved.")).to_be_visible()
    expect(tool.get_by_role("link", name=re.compile("LinkedIn"))).to_have_count(0)
    look(lms_page.page, "4-private")
    public = lms_page.page.context.new_page()
    assert public.goto(f"{campus.tool}/credentials/{first}").status == 404

    for name, public_id in (("5-long", long), ("6-revoked", revoked)):
        lms_page.settle()
        tool.get_by_role("link", name="My credentials").press("Enter")
        expect(tool.get_by_role("heading", name="My credentials")).to_be_visible()
        lms_page.settle()
        tool.locator(f'a[href$="/my/credentials/{public_id}"]').first.press("Enter")
        expect(tool.get_by_role("heading", name="Who sees it")).to_be_visible()
        lms_page.settle()
        assert_no_violations(tool)
        look(lms_page.page, name)
        if name == "5-long":
            download(lms_page, tool, "Certificate (PDF)").save_as(tmp_path / "long.pdf")
            draw(tmp_path / "long.pdf", "certificate-long")


def test_downloads_work_where_the_frame_keeps_no_cookie(no_cookies, campus, tmp_path):
    no_cookies.become("Mei Student")
    open_mine(no_cookies, campus)
    first, _, _ = award_several(campus)
    tool = open_mine(no_cookies, campus)
    no_cookies.settle()
    tool.locator(f'a[href$="/my/credentials/{first}"]').first.click()
    expect(tool.get_by_role("heading", name="Keep it")).to_be_visible()
    no_cookies.settle()

    file = download(no_cookies, tool, "Credential (JSON)")

    file.save_as(tmp_path / "kept.json")
    assert first in (tmp_path / "kept.json").read_text()
