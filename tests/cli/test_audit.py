"""The audit log as an operator checks it."""

from sqlalchemy import delete, select, update

from app.core.audit import AuditEntry, AuditHead


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
