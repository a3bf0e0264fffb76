"""What pages and files say of the rows of a list of Souvenirs, and of codes."""

from flask_babel import gettext as _

from app.awards.souvenir_models import BatchState, RowState, SouvenirBatch, SouvenirRow

# The picture of `status_tag` for each state.
ROW_ICONS = {
    RowState.READY: "submitted",
    RowState.HOLDS: "met",
    RowState.REPEATED: "failing",
    RowState.REFUSED: "not_met",
    RowState.AWARDED: "awarded",
    RowState.FAILED: "failed",
}
BATCH_ICONS = {
    BatchState.PLANNED: "draft",
    BatchState.RUNNING: "waiting",
    BatchState.DONE: "delivered",
    BatchState.STOPPED: "failing",
}


def row_label(row: SouvenirRow) -> str:
    """Return what becomes of a row, in a few words."""
    words: dict[RowState, str] = {
        RowState.READY: _("Will be awarded"),
        RowState.HOLDS: _("Holds it already"),
        RowState.REPEATED: _("Twice in the list"),
        RowState.REFUSED: _("Not awarded"),
        RowState.AWARDED: _("Awarded"),
        RowState.FAILED: _("Could not be awarded"),
    }
    if row.award is not None and row.award.revoked_at is not None:
        return str(_("Revoked"))
    return words[row.state]


def row_reason(row: SouvenirRow, *, is_outside: bool) -> str:
    """Say why a row is as it is, and what can be done; empty if there is nothing to say."""
    if row.state is RowState.REPEATED:
        return str(_("An earlier line means the same person; they are awarded once."))
    if row.state is RowState.READY and row.person_id is None:
        return str(_("Not known yet: will be made known by this address.")) if is_outside else ""
    return problem_words(row.problem) if row.problem else ""


def problem_words(problem: str) -> str:
    """Say what is wrong with a row; what is no known word is a sentence already."""
    words: dict[str, str] = {
        "ragged": _(
            "The line has more cells than the first line. Put names that contain the separator "
            "into quotation marks."
        ),
        "control": _("The name has a control character. Type it again."),
        "long_name": _("The name has more than 255 characters."),
        "no_address": _("There is no e-mail address on this line."),
        "not_address": _("This is not an e-mail address."),
        "not_in_course": _("Nobody of this course’s learners has this address or id."),
        "preview": _("This is the student preview of an LMS, not a person."),
        "own": _("This is yourself. Somebody else can give you the Souvenir."),
        "several": _(
            "Several people have this address, so it is not clear who is meant. Tick the person "
            "in the class list of their course."
        ),
    }
    return words.get(problem, problem)


def batch_label(batch: SouvenirBatch) -> str:
    """Return where a batch stands, in a few words."""
    words: dict[BatchState, str] = {
        BatchState.PLANNED: _("Checked, nobody awarded yet"),
        BatchState.RUNNING: _("Under way"),
        BatchState.DONE: _("Finished"),
        BatchState.STOPPED: _("Stopped"),
    }
    return str(_("Revoked")) if batch.revoked_at else words[batch.state]


def source_label(batch: SouvenirBatch) -> str:
    """Return where a batch's list came from."""
    words: dict[str, str] = {
        "roster": _("ticked in the class list"),
        "paste": _("pasted addresses"),
        "file": _("uploaded file"),
        "command": _("file of a command"),
    }
    said = words[batch.source]
    return f"{said}: {batch.file_name}" if batch.file_name else said


def claim_label(state: str) -> str:
    """Return where a code stands, in a few words."""
    words: dict[str, str] = {
        "open": _("In use"),
        "early": _("Not begun yet"),
        "over": _("Time is over"),
        "full": _("Number used up"),
        "paused": _("Paused"),
        "stopped": _("Stopped"),
    }
    return words[state]


CLAIM_ICONS = {
    "open": "delivered",
    "early": "waiting",
    "over": "not_started",
    "full": "met",
    "paused": "failing",
    "stopped": "revoked",
}
