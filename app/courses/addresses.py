"""People whom nobody but an e-mail address makes known: they have not come from an LMS."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint, delete, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core.orm import Base, table_of
from app.courses.models import Person


class KnownAddress(Base):
    """The address by which a person was made known; `LtiUser` for those without an LMS.

    Somebody who later launches with this address is another person until they
    say themselves that they are the same: an LMS lets people change their e-mail.
    `email`: trimmed, in lower case. Erased when the person is forgotten.
    """

    __tablename__ = "known_address"
    __table_args__ = (UniqueConstraint("institution_id", "email"),)

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    email: Mapped[str] = mapped_column(String(320))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)


PERSON, ADDRESS = table_of(Person), table_of(KnownAddress)


def find_known_addresses(
    session: Session, institution_id: int, emails: Sequence[str]
) -> dict[str, int]:
    """Return whom these addresses made known before: e-mail → person's id."""
    rows = session.execute(
        select(ADDRESS.c.email, ADDRESS.c.person_id).where(
            ADDRESS.c.institution_id == institution_id, ADDRESS.c.email.in_(emails)
        )
    )
    return dict(rows.all())


def make_known(
    session: Session, institution_id: int, names: Mapping[str, str | None], *, now: datetime
) -> dict[str, int]:
    """Return the person behind each address, made if there is none: e-mail → person's id.

    Units: `names` maps a normalised e-mail to the name to give a new person.
    Raises: `IntegrityError` if one of them is being made elsewhere: begin again.
    """
    known = find_known_addresses(session, institution_id, list(names))
    new = [email for email in names if email not in known]
    if not new:
        return known
    made = session.execute(
        insert(PERSON).returning(PERSON.c.email, PERSON.c.id),
        [
            {
                "institution_id": institution_id,
                "name": names[email],
                "email": email,
                "created_at": now,
            }
            for email in new
        ],
    )
    ids: dict[str, int] = dict(made.all())
    session.execute(
        insert(ADDRESS),
        [
            {"institution_id": institution_id, "email": email, "person_id": person_id}
            for email, person_id in ids.items()
        ],
    )
    return known | ids


def forget_addresses(session: Session, person_id: int) -> None:
    """Erase the addresses by which a person was made known."""
    session.execute(delete(KnownAddress).where(KnownAddress.person_id == person_id))
