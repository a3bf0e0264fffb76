"""Outside a unit of work a request only reads; what it read ends without a trace."""

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError

from app.core.db import db, transaction
from app.courses.models import Person


@pytest.fixture
def on_postgres(app):
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            pytest.skip("SQLite has no transactions that only read")


@pytest.mark.usefixtures("on_postgres")
def test_postgresql_refuses_to_write_outside_a_unit_of_work(app, session, world):
    with app.test_request_context(), pytest.raises(DBAPIError, match="read-only"):
        db.session().execute(update(Person).values(name="Nobody"))

    assert session.get(Person, world.learner.id).name != "Nobody"


@pytest.mark.usefixtures("on_postgres")
def test_a_unit_of_work_after_it_in_the_same_request_writes(app, session, world):
    with app.test_request_context():
        assert db.session().get(Person, world.learner.id) is not None
        with transaction() as write:
            write.execute(
                update(Person).where(Person.id == world.learner.id).values(name="Renamed")
            )

    session.expire_all()
    assert session.get(Person, world.learner.id).name == "Renamed"


def test_what_was_changed_on_a_row_outside_a_unit_of_work_is_not_kept(app, session, world):
    with app.test_request_context():
        db.session().get(Person, world.learner.id).name = "Nobody"

    session.expire_all()
    assert session.get(Person, world.learner.id).name != "Nobody"


@pytest.mark.usefixtures("on_postgres")
def test_statements_stay_prepared_from_one_request_to_the_next(app):
    def read():
        with app.test_request_context():
            db.session().execute(text("SELECT 4711"))
            return db.session().scalar(
                text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%4711'")
            )

    counts = [read() for _ in range(12)]

    assert counts[-1] == 1, "psycopg prepares a statement that comes often, and then keeps it"
