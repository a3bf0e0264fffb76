"""The history of one submission, as the audit log tells it."""

from datetime import timedelta

from flask import current_app, render_template
from flask_babel import gettext as _

from app.assessment.blueprint import bp
from app.assessment.history import Deed, read_history
from app.core.access import signed_in
from app.core.clock import utcnow
from app.core.db import db
from app.core.principal import current_principal


@bp.get("/submissions/<int:submission_id>/history")
@signed_in
def history(submission_id: int) -> str:
    """Show who did what to a submission, and whether the log of it is unbroken."""
    settings = current_app.extensions["assay.settings"]
    return render_template(
        "assessment/history.html",
        history=read_history(
            db.session(),
            submission_id,
            principal=current_principal(),
            rights_last=timedelta(hours=settings.session_hours),
            now=utcnow(),
        ),
        say=_say,
    )


def _say(deed: Deed) -> str:
    """Return what was done, in plain words; what no words are for, as the log calls it."""
    words = {
        "submission.handed_in": _("Handed in"),
        "submission.group_invited": _("Somebody was invited to the group"),
        "submission.group_uninvited": _("An invitation to the group was taken back"),
        "submission.group_joined": _("Joined the group"),
        "submission.group_declined": _("Declined to join the group"),
        "submission.group_left": _("Left the group"),
        "submission.group_removed": _("Somebody was removed from the group"),
        "submission.signed": _("Signed the statement"),
        "submission.signature_taken_back": _("Took their signature back"),
        "submission.withdrawn": _("Taken back before it was assessed"),
        "submission.joined": _("Joined the group"),
        "artifact.quarantined": _("A file was locked away: malware was found in it"),
        "artifact.released": _("A file was released from quarantine"),
        "artifact.checked_again": _("A file was checked for malware again"),
        "assessment.started": _("Assessing started"),
        "assessment.taken_over": _("Assessing was taken over"),
        "assessment.taken_back": _("The assessment was taken back"),
        "evidence.marked": _("More of the work was marked to be shown"),
        "assessment.recorded": _("An assessment was recorded"),
        "decision.made": _("A decision was made; it waits before anybody is told"),
        "decision.undone": _("The decision was undone before anybody was told"),
        "decision.released": _("The decision was told to the learner and the gradebook"),
        "allocation.given": _("Given to somebody to assess"),
        "allocation.handed_over": _("Handed over to another grantor"),
        "allocation.taken_over": _("Taken over by another grantor"),
        "allocation.taken_back": _("Taken back from whoever was to assess it"),
        "appeal.opened": _("An appeal was made"),
        "appeal.withdrawn": _("The appeal was withdrawn"),
        "question.asked": _("The learner asked something"),
        "question.answered": _("A message went to the learner"),
        "consent.signed": _("The learner agreed to show work with the credential"),
        "consent.replaced": _("The learner changed what is shown with the credential"),
        "consent.withdrawn": _("The learner took back what was shown with the credential"),
        "hold.placed": _("A legal hold was placed"),
        "hold.lifted": _("A legal hold was lifted"),
        "award.issued": _("The credential was awarded"),
        "award.revoked": _("The credential was revoked"),
    }
    named = words.get(deed.action)
    return named or deed.action.replace(".", ": ").replace("_", " ").capitalize()
