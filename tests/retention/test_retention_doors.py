"""Retention by page, by command and by the worker."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.evidence.models import Artifact, Submission
from app.programme.preset import parse_preset
from app.retention import jobs
from app.retention.models import DeletionRun, LegalHold
from tests import campus
from tests.retention.conftest import NOW

LONG_AGO = (datetime.now(UTC) - NOW).days + 400


@pytest.fixture
def administrator(session, world, browser):
    campus.make_administrator(session, world.instructor)
    return browser(world.instructor)


@pytest.fixture
def run(app):
    return lambda *words: app.test_cli_runner().invoke(args=["retention", *words])


def deleted(session):
    session.expire_all()
    return [each.deleted_at is not None for each in session.scalars(select(Artifact))]


def test_the_page_says_what_is_kept_due_and_held(session, world, decided, administrator):
    decided(LONG_AGO)

    page = administrator.get("/admin/retention")

    assert "Unshared work" in page.text
    assert "12 months" in page.text
    assert "for ever" in page.text
    assert "retention run --confirm" in page.text


def test_a_hold_is_placed_and_lifted_by_page(session, world, decided, administrator):
    decided(LONG_AGO)
    placed = administrator.post(
        "/admin/retention/holds", data={"person_id": world.learner.id, "reason": "Case 12"}
    )
    assert placed.status_code == 303
    assert "Case 12" in administrator.get("/admin/retention").text
    assert "retention run --confirm" not in administrator.get("/admin/retention").text
    again = administrator.post(
        "/admin/retention/holds", data={"person_id": world.learner.id, "reason": "Case 12"}
    )
    assert again.status_code == 409

    hold = session.scalars(select(LegalHold)).one()
    assert administrator.post(f"/admin/retention/holds/{hold.id}/lift").status_code == 303
    assert administrator.post(f"/admin/retention/holds/{hold.id}/lift").status_code == 409
    assert "retention run --confirm" in administrator.get("/admin/retention").text


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"reason": "Case"}, 422),
        ({"person_id": "1", "reason": " "}, 422),
        ({"person_id": "999", "reason": "Case"}, 404),
        ({"submission_id": "999", "reason": "Case"}, 404),
        ({"person_id": "x", "reason": "Case"}, 404),
    ],
)
def test_a_hold_on_nothing_or_without_reason_is_refused(session, administrator, data, status):
    assert administrator.post("/admin/retention/holds", data=data).status_code == status
    assert session.scalars(select(LegalHold)).all() == []


def test_the_command_deletes_exactly_what_was_looked_at(
    session, world, decided, run, administrator
):
    decided(LONG_AGO)

    told = run("plan").output
    assert "artifact:1" in told
    assert run("run").exit_code == 1
    digest = told.rsplit("--confirm ", 1)[1].strip()
    done = run("run", "--confirm", digest)

    assert done.exit_code == 0, done.output
    assert "2 deleted. 1 files removed" in done.output
    assert deleted(session) == [True, True]
    number = session.scalars(select(DeletionRun)).one().id
    assert "is unchanged" in run("prove", str(number)).output
    assert "The proof holds" in administrator.get(f"/admin/retention/runs/{number}").text
    assert run("prove", "999").exit_code == 1
    assert administrator.get("/admin/retention/runs/999").status_code == 404


def test_a_hold_between_plan_and_run_stops_the_run(session, world, decided, run, administrator):
    decided(LONG_AGO)
    digest = run("plan").output.rsplit("--confirm ", 1)[1].strip()
    administrator.post(
        "/admin/retention/holds", data={"person_id": world.learner.id, "reason": "Case 12"}
    )

    done = run("run", "--confirm", digest)

    assert done.exit_code == 1
    assert "has changed" in done.output
    assert deleted(session) == [False, False]


def test_the_worker_deletes_only_where_the_installation_says_so(app, session, decided, monkeypatch):
    decided(LONG_AGO)
    with app.app_context():
        jobs.delete_each_night(datetime.now(UTC))
    assert deleted(session) == [False, False]

    allowed = app.extensions["assay.settings"].model_copy(update={"retention_job": True})
    monkeypatch.setitem(app.extensions, "assay.settings", allowed)
    with app.app_context():
        jobs.delete_each_night(datetime.now(UTC))
    assert deleted(session) == [True, True]


def test_a_clock_that_is_far_ahead_does_not_empty_the_storage(
    app, session, decided, run, monkeypatch
):
    decided(0)
    monkeypatch.setattr(jobs, "ALARMING_COUNT", 1)
    allowed = app.extensions["assay.settings"].model_copy(update={"retention_job": True})
    monkeypatch.setitem(app.extensions, "assay.settings", allowed)

    with app.app_context():
        jobs.delete_each_night(datetime.now(UTC) + timedelta(days=36500))

    assert deleted(session) == [False, False]


def test_bytes_that_a_stopped_run_left_go_with_the_next(app, session, decided):
    decided(LONG_AGO)
    file = session.scalars(select(Artifact).where(Artifact.storage_key.is_not(None))).one()
    file.deleted_at = datetime.now(UTC)
    session.commit()

    with app.app_context():
        assert jobs.sweep() == 1
        assert jobs.sweep() == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kind": "secrets"}, "kind"),
        ({"months": -1}, "months"),
        ({"months": None}, "either months or permanent"),
        ({"permanent": True}, "either months or permanent"),
        ({"kind": "award"}, "are permanent"),
    ],
)
def test_a_wrong_class_of_the_preset_is_named(tmp_path, changes, words):
    from app.core.errors import InvalidError

    rule = {"key": "a", "name": "A", "kind": "draft", "months": 12, **changes}
    rule = {name: value for name, value in rule.items() if value is not None}
    with pytest.raises(InvalidError, match=words):
        parse_preset({"name": "X", "level": [], "retention": [rule]}, folder=tmp_path)


def test_the_page_lists_what_the_next_run_deletes(session, world, decided, administrator):
    decided(LONG_AGO)
    artifact = session.scalars(select(Artifact)).first()

    page = administrator.get("/admin/retention").text

    listed = page[page.index("What is due:") : page.index("retention run --confirm")]
    assert f"artifact:{artifact.id}" in listed
    assert "deleted with the next run" in listed

    administrator.post(
        "/admin/retention/holds", data={"person_id": world.learner.id, "reason": "Case 12"}
    )
    assert "stays:" in administrator.get("/admin/retention").text


def test_the_number_that_a_hold_asks_for_stands_on_the_history(
    session, world, decided, administrator
):
    decided(LONG_AGO)
    number = session.scalars(select(Submission.id)).one()

    page = administrator.get(f"/submissions/{number}/history")

    assert f"Submission {number} ·" in page.text
