"""What the pages of one proposal show."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.approval.differences import list_differences
from app.approval.eligibility import count_step, is_concerned, list_deciders, may_decide
from app.approval.models import Proposal
from app.approval.progress import describe_next, describe_steps
from app.approval.queries import (
    content_in_rows,
    find_base_version,
    find_earlier_content,
    find_vote,
)
from app.approval.review_forms import NoteForm
from app.approval.standing import list_conditions
from app.approval.timeline import describe_answers, describe_timeline
from app.catalog.content import content_of
from app.catalog.parts_offered import show_set
from app.catalog.reading import read_content
from app.core.principal import Principal


def describe_proposal(
    session: Session, proposal: Proposal, principal: Principal, *, now: datetime
) -> dict[str, Any]:
    """Return the context of a proposal's pages; see `templates/approval/_parts.html`."""
    step = proposal.step
    tally = count_step(session, proposal, step) if step else None
    deciders = list_deciders(session, proposal, step, now=now) if step else []
    base = find_base_version(session, proposal.version) if proposal.is_change else None
    conditions = list_conditions(proposal.events, round_number=proposal.round)
    said, earlier = content_in_rows(proposal.version), find_earlier_content(proposal)
    return {
        "proposal": proposal,
        "version": proposal.version,
        "content": read_content(proposal.version),
        "groups": show_set(session, proposal.version),
        "level": proposal.version.achievement.level,
        "issuer": proposal.version.achievement.issuer,
        "steps": describe_steps(proposal, tally),
        "what_next": describe_next(proposal, deciders, reader_id=principal.person_id),
        "step": step,
        "tally": tally,
        "conditions": conditions,
        "note_forms": {
            condition.id: NoteForm(formdata=None, prefix=note_prefix(condition.id))
            for condition in conditions
            if condition.fulfilled is None
        },
        "answers": describe_answers(proposal),
        "timeline": describe_timeline(proposal),
        "base": base,
        "since_base": list_differences(content_of(base).model_dump(mode="json"), said)
        if base and said
        else None,
        "since_round": list_differences(earlier, said) if earlier and said else None,
        "is_own": proposal.proposer_id == principal.person_id,
        "is_concerned": is_concerned(session, proposal, principal.person_id),
        "may_decide": may_decide(session, proposal, principal.person_id, now=now),
        "own_vote": find_vote(proposal, principal.person_id),
        "people": {
            event.person_id: event.person.display_name
            for event in proposal.events
            if event.person is not None
        },
    }


def note_prefix(condition_id: str) -> str:
    """Return what the note of one condition is called in a page that has several."""
    return f"c{condition_id}-"
