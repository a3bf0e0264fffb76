"""The audit log as an operator checks it."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, select, update

from app.core.audit import AuditEntry, AuditHead, record


def test_an_unbroken_chain_shows_its_end(run, session):
    run("institutions", "add", "--slug", "main", "--name", "University")

    result = run("audit", "verify")

    head = session.scalars(select(AuditHead)).one()
    assert result.exit_code == 0
    assert f"1 entries, the last is {head.hash}" in result.stdout


def test_a_changed_entry_is_named(run, session):
    run("institutions", "add", "--slug", "main", "--name", "University")
    session.execute(update(AuditEntry).values(action="nothing.happened"))
    session.commit()

    result = run("audit", "verify")

    assert result.exit_code == 1
    assert "entry 1 was changed or is missing" in result.stderr


def test_a_chain_that_was_taken_away_is_missed(run, session):
    run("institutions", "add", "--slug", "main", "--name", "University")
    session.execute(delete(AuditEntry))
    session.execute(delete(AuditHead))
    session.commit()

    result = run("audit", "verify")

    assert result.exit_code == 1
    assert "entry 1 was changed or is missing" in result.stderr


@pytest.fixture
def chain(run, session):
    """One institution, whose chain has seven entries."""
    run("institutions", "add", "--slug", "main", "--name", "University")
    institution_id = session.scalars(select(AuditHead.institution_id)).one()
    for number in range(6):
        record(
            session,
            institution_id,
            actor="person:1",
            action="submission.handed_in",
            subject=f"submission:{number}",
            now=datetime(2026, 11, 2, 12, tzinfo=UTC),
        )
    session.commit()


def of(number: int):
    return AuditEntry.number == number


@pytest.mark.parametrize(
    ("statements", "first_broken"),
    [
        ([delete(AuditEntry).where(of(4))], 4),
        ([delete(AuditEntry).where(of(1))], 1),
        ([update(AuditEntry).where(of(3)).values(facts={"decision": "met"})], 3),
        ([update(AuditEntry).where(of(5)).values(actor="person:2")], 5),
        ([update(AuditEntry).where(of(2)).values(at=datetime(2026, 1, 1, tzinfo=UTC))], 2),
        ([update(AuditEntry).where(of(6)).values(hash="0" * 64)], 6),
        # The tail is gone; only the head knows.
        ([delete(AuditEntry).where(of(7))], 7),
        ([delete(AuditEntry).where(AuditEntry.number > 5)], 6),
        # Whoever deletes one and closes the gap breaks the link.
        ([delete(AuditEntry).where(of(4)), update(AuditEntry).where(of(5)).values(number=4)], 4),
        # The head was set back with the tail, but not to what the last entry says.
        ([delete(AuditEntry).where(of(7)), update(AuditHead).values(number=6)], 7),
        ([update(AuditHead).values(hash="0" * 64)], 8),
    ],
)
def test_the_first_entry_that_does_not_hold_is_named(run, session, chain, statements, first_broken):
    assert run("audit", "verify").exit_code == 0
    for statement in statements:
        session.execute(statement)
        session.commit()

    result = run("audit", "verify")

    assert result.exit_code == 1
    assert f"main: entry {first_broken} was changed or is missing" in result.stderr


def newest_taken_away(session):
    """Delete the newest entry and set the end of the chain back to the one before it."""
    before = session.scalars(select(AuditEntry).order_by(AuditEntry.number.desc())).all()[1]
    session.execute(delete(AuditEntry).where(AuditEntry.number > before.number))
    session.execute(update(AuditHead).values(number=before.number, hash=before.hash))
    session.commit()


def make_two(run):
    for slug in ("nursing", "law"):
        url = f"https://{slug}.example.edu"
        if slug == "nursing":
            run("institutions", "add", "--slug", "main", "--name", "University")
        run("issuers", "add", "--slug", slug, "--name", slug, "--url", url)


def test_a_chain_cut_back_with_its_head_is_found(run, session):
    make_two(run)
    assert "Its end is sealed" in run("audit", "verify").stdout
    newest_taken_away(session)

    result = run("audit", "verify")

    assert result.exit_code == 1
    assert "The seal of its end is false" in result.stderr


def test_later_entries_do_not_cover_it_up(run, session):
    make_two(run)
    newest_taken_away(session)
    run("issuers", "add", "--slug", "art", "--name", "Art", "--url", "https://art.example.edu")

    assert run("audit", "verify").exit_code == 1
    assert "add --anew" in run("audit", "seal").stderr
    assert run("audit", "seal", "--anew").exit_code == 0
    assert "Its end is sealed" in run("audit", "verify").stdout


def test_a_chain_of_an_older_release_is_verified_and_sealed_by_the_command_alone(run, session):
    make_two(run)
    session.execute(update(AuditHead).values(seal=None))
    session.commit()
    run("issuers", "add", "--slug", "art", "--name", "Art", "--url", "https://art.example.edu")

    result = run("audit", "verify")
    assert result.exit_code == 0
    assert "Its end is NOT sealed" in result.stdout

    assert run("audit", "seal").exit_code == 0
    assert "Its end is sealed" in run("audit", "verify").stdout
