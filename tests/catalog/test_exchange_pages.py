"""Importing and exporting on pages and by command: looked at first, all or nothing."""

import copy
import io
import json
import re

import pytest
from sqlalchemy import func, select

from app.catalog.achievement_files import read_achievements
from app.catalog.draft_import import plan_drafts, what_is_known
from app.catalog.exporting import FORMATS
from app.catalog.importing import UNCHANGED
from app.catalog.models import Achievement, AchievementVersion, VersionStatus
from app.catalog.skill_models import PendingImport
from tests.campus import make_administrator


def results(plan):
    return [row.result for row in plan.rows]


def count(session):
    return session.scalar(select(func.count(AchievementVersion.id)))


def draft_of(session, slug):
    session.expire_all()
    return session.scalar(
        select(AchievementVersion)
        .join(AchievementVersion.achievement)
        .where(Achievement.slug == slug, AchievementVersion.status == VersionStatus.DRAFT)
    )


def upload(admin, raw, kind="achievements", name="badges.json", **fields):
    return admin.post(
        "/catalog/import",
        data={"kind": kind, "file": (io.BytesIO(raw), name), **fields},
        content_type="multipart/form-data",
    )


def test_a_file_is_looked_at_on_a_page_before_anything_happens(admin, session, world, document):
    before = count(session)
    answer = upload(admin, json.dumps(document).encode(), name="list\u202e of \x07badges.json")
    assert answer.status_code == 303

    page = admin.get(answer.location)
    assert "The file can be imported" in page.text
    assert "0 refused, 2 new" in page.text
    assert count(session) == before

    done = admin.post(f"{answer.location}/confirm")
    assert done.status_code == 303
    assert "2 new" in admin.get(done.location).text
    session.expire_all()
    assert count(session) == before + 2
    assert draft_of(session, document["achievements"][0]["slug"]).proposed_by == world.instructor.id
    assert session.scalar(select(func.count(PendingImport.id))) == 0
    assert admin.post(f"{answer.location}/confirm").status_code == 404


def test_a_refused_file_shows_why_and_has_no_button(admin, session, document):
    before = count(session)
    document["achievements"][1]["alignments"][0]["target_url"] = "javascript:alert(1)"
    answer = upload(admin, json.dumps(document).encode())

    page = admin.get(answer.location).text
    assert "Nothing can be imported yet" in page
    assert "alignments 1 target_url: must be a whole web address" in page
    assert "Import all of it" not in page
    assert admin.post(f"{answer.location}/confirm").status_code == 422
    assert count(session) == before
    assert admin.post(f"{answer.location}/give-up").status_code == 303
    assert admin.get(answer.location).status_code == 404


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"\xff\xfe\x00", "is not UTF-8|character that is not|table"),
        (b"{", "is not valid JSON"),
    ],
)
def test_a_file_that_cannot_be_read_is_said_at_its_field(admin, session, raw, said):
    page = upload(admin, raw)
    assert page.status_code == 422
    assert re.search(said, page.text)
    assert session.scalar(select(func.count(PendingImport.id))) == 0


def test_a_file_that_is_too_large_is_said_at_its_field(app, admin):
    app.request_class.max_file_bytes = 1000

    page = upload(admin, b"x" * 2000)

    assert (page.status_code, "The file is too large" in page.text) == (422, True)


def test_no_file_is_said_too(admin):
    page = admin.post("/catalog/import", data={"kind": "achievements"})
    assert (page.status_code, "Choose a file" in page.text) == (422, True)


def test_skills_come_in_by_the_same_page(admin, session):
    raw = b"name,url\nListen,https://s.test/1\n"
    answer = upload(admin, raw, kind="skills", name="skills.csv", framework="Ours")

    done = admin.post(f"{answer.location}/confirm")

    assert done.location.endswith("/catalog/skills")
    assert "Ours" in admin.get(done.location).text


def test_imports_are_their_owner_s_and_few(admin, author, session, browser, world, document):
    answer = upload(admin, json.dumps(document).encode())
    make_administrator(session, world.grader)
    other = browser(world.grader)
    assert other.get(answer.location).status_code == 404
    assert other.post(f"{answer.location}/confirm").status_code == 404
    assert author.get(answer.location).status_code == 403
    assert author.get("/catalog/import").status_code == 403

    for _ in range(7):
        upload(admin, json.dumps(document).encode())
    assert session.scalar(select(func.count(PendingImport.id))) == 5


@pytest.mark.parametrize("file_format", list(FORMATS))
def test_the_whole_catalogue_and_one_version_are_sent_as_files(
    admin, author, draft, session, world, file_format
):
    whole = admin.get(f"/catalog/export/{file_format}")
    assert whole.status_code == 200
    assert "attachment" in whole.headers["Content-Disposition"]
    for name in ("Research Literacy", "Clinical Communication", "Safe Handover"):
        assert name in whole.text
    if file_format != "csv":
        json.loads(whole.text)
    known = what_is_known(session, world.institution.id)
    plan = plan_drafts(session, world.institution.id, read_achievements(whole.data, known))
    assert set(results(plan)) == {UNCHANGED}

    one = author.get(f"/catalog/versions/{draft.id}/export/{file_format}")
    assert "Safe Handover" in one.text
    assert author.get(f"/catalog/export/{file_format}").status_code == 403
    assert admin.get("/catalog/export/xml").status_code == 404
    assert author.get(f"/catalog/versions/{draft.id}/export/xml").status_code == 404


def test_the_commands_bring_in_and_print(app, session, world, document, tmp_path):
    runner = app.test_cli_runner()
    file = tmp_path / "badges.json"
    file.write_text(json.dumps(document))

    dry = runner.invoke(args=["achievements", "draft", str(file), "--dry-run"])
    assert (dry.exit_code, "2 new" in dry.output) == (0, True), dry.output
    for counts in ("2 new, 0 changed, 0 unchanged", "0 new, 0 changed, 2 unchanged"):
        done = runner.invoke(args=["achievements", "draft", str(file)])
        assert (done.exit_code, counts in done.output) == (0, True), done.output

    slug = document["achievements"][0]["slug"]
    printed = runner.invoke(args=["achievements", "export", "--slug", slug])
    assert [item["slug"] for item in json.loads(printed.output)["achievements"]] == [slug]
    everything = runner.invoke(args=["achievements", "export", "--format", "csv"])
    assert everything.output.count("achievement,") == 4

    wrong = copy.deepcopy(document)
    wrong["achievements"][1]["level"] = "nothing"
    file.write_text(json.dumps(wrong))
    for options in ([], ["--dry-run"]):
        refused = runner.invoke(args=["achievements", "draft", str(file), *options])
        assert (refused.exit_code, "Item 2" in refused.output) == (1, True), refused.output
