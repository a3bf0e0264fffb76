"""Who is behind a session's secret: somebody from an LMS, or from the campus sign-in."""

from app.core.address_sessions import address_secret
from app.core.principal import Principal
from app.launch import service
from app.staff.sessions import is_staff_secret, load_staff_principal


def load_principal(
    sid: str, *, course_id: int | None, wants_grants: bool, wants_seats: bool
) -> Principal | None:
    """Return the person behind a secret; the secret itself says which kind of session it is."""
    if address_secret() is None and is_staff_secret(sid):
        load = load_staff_principal
    else:
        load = service.load_principal
    return load(sid, course_id=course_id, wants_grants=wants_grants, wants_seats=wants_seats)
