"""What the pages of one proposal show."""

from datetime import datetime
from typing import Any

from flask import current_app, url_for
from sqlalchemy.orm import Session

from app.approval.differences import list_differences
from app.approval.eligibility import is_concerned, list_deciders, may_decide
from app.approval.models import Proposal
from app.approval.progress import describe_next, describe_steps
from app.approval.queries import (
    content_in_rows,
    find_base_version,
    find_earlier_content,
    find_vote,
)
from app.approval.review_forms import NoteForm
from app.approval.standing import count_votes, list_conditions
from app.approval.timeline import describe_answers, describe_timeline
from app.catalog.content import content_of
from app.core.principal import Principal


def describe_proposal(
    session: Session, proposal: Proposal, principal: Principal, *, now: datetime
) -> dict[str, Any]:
    """Return the context of a proposal's pages; see `templates/approval/_parts.html`."""
    step = proposal.step
    deciders = list_deciders(session, proposal, step, now=now) if step else []
    base = find_base_version(session, proposal.version) if proposal.is_change else None
    conditions = list_conditions(proposal.events, round_number=proposal.round)
    content, earlier = content_in_rows(proposal.version), find_earlier_content(proposal)
    return {
        "proposal": proposal,
        "version": proposal.version,
        "level": proposal.version.achievement.level,
        "issuer": proposal.version.achievement.issuer,
        "steps": describe_steps(proposal),
        "what_next": describe_next(
            proposal, deciders, is_own=proposal.proposer_id == principal.person_id
        ),
        "step": step,
        "tally": count_votes(proposal.events, step, round_number=proposal.round) if step else None,
        "conditions": conditions,
        "note_forms": {
            condition.id: NoteForm(formdata=None, prefix=note_prefix(condition.id))
            for condition in conditions
            if condition.fulfilled is None
        },
        "answers": describe_answers(proposal),
        "timeline": describe_timeline(proposal),
        "base": base,
        "since_base": list_differences(content_of(base).model_dump(mode="json"), content)
        if base and content
        else None,
        "since_round": list_differences(earlier, content) if earlier and content else None,
        "links": find_links(proposal, base.number if base else None),
        "is_own": proposal.proposer_id == principal.person_id,
        "is_concerned": is_concerned(proposal, principal.person_id),
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


def find_links(proposal: Proposal, base_number: int | None) -> dict[str, str]:
    """Return the catalogue's pages about the content, as far as it has them."""
    version = proposal.version
    wanted: dict[str, tuple[str, dict[str, Any]]] = {
        "edit": ("catalog.edit_version", {"version_id": version.id}),
        "version": ("catalog.show_version", {"version_id": version.id}),
    }
    if base_number is not None:
        wanted["compare"] = (
            "catalog.compare",
            {"achievement_id": version.achievement_id, "from": base_number, "to": version.number},
        )
    return {
        name: url_for(endpoint, **values)
        for name, (endpoint, values) in wanted.items()
        if endpoint in current_app.view_functions
    }
