"""Who else has a submission open: told by the page while it is open."""

from flask import render_template

from app.assessment.blueprint import bp
from app.assessment.presence import list_others, note_presence
from app.assessment.workbench import open_bench
from app.core.access import requires_grantor
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.principal import current_principal


@bp.post("/assessment/submissions/<int:submission_id>/presence")
@requires_grantor
def presence(submission_id: int) -> str:
    """Note that this person has the submission open; answer who else has."""
    grantor, now = current_principal(), utcnow()
    bench = open_bench(db.session(), submission_id, grantor, now=now)
    is_blind = bench.is_blind
    with transaction() as session:
        note_presence(session, bench.submission, person_id=grantor.person_id, now=now)
    others = list_others(
        db.session(), bench.submission, person_id=grantor.person_id, is_blind=is_blind, now=now
    )
    return render_template("assessment/_present.html", others=others)
