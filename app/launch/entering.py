"""A checked launch comes in: what it tells is kept, and where it leads is found."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.core.prepared import Wire
from app.courses.arrivals import Arrival, Visitor
from app.launch import claims as rules
from app.launch.addresses import own_url
from app.launch.landing import Landing, find_unknown_message, land
from app.launch.notices import subscribe
from app.launch.privacy import admit
from app.launch.pylti import Launch
from app.launch.refusal import LaunchRefusedError
from app.launch.service import arrive, visit


def enter(
    session: Session, wire: Wire, launch: Launch, deployment_pk: int, *, now: datetime
) -> tuple[Arrival | Visitor, Landing] | LaunchRefusedError:
    """Keep who came, and return where the launch leads them; or the refusal.

    A refusal is returned, not raised: what was learned before it is committed too.
    """
    unknown = find_unknown_message(launch)
    if unknown is not None:
        return unknown
    try:
        if launch.message_type in rules.DATA_PRIVACY:
            visitor = visit(session, wire, launch, deployment_pk, now=now)
            return visitor, admit(session, launch, visitor.person_id, now=now)
        arrival = arrive(session, wire, launch, deployment_pk, now=now)
        subscribe(session, launch, arrival, handler=own_url("launch.notices"), now=now)
        return arrival, land(session, launch, arrival, now=now)
    except LaunchRefusedError as refusal:
        return refusal
