"""The form by which a learner hands in work."""

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l
from flask_wtf.file import MultipleFileField
from wtforms import IntegerField, StringField, SubmitField, TextAreaField
from wtforms.validators import Optional
from wtforms.widgets import URLInput

from app.core.forms import Form
from app.evidence.drafts import find_one
from app.evidence.models import ArtifactKind, Attempt
from app.mapping.artifact_kinds import extensions_of
from app.mapping.models import Assignment


class WorkForm(Form):
    """Files, a link and a text, as far as the assignment asks for them.

    `remove`: the artifact whose “Remove” button was pressed. The buttons live in
    this form, so that pressing one loses nothing of what was typed elsewhere.
    """

    files = MultipleFileField(_l("Files"))
    link = StringField(_l("Link"), widget=URLInput())
    text = TextAreaField(_l("Text"))
    remove = IntegerField(validators=[Optional()])
    keep_earlier = SubmitField(_l("Start from what you handed in before"))
    save = SubmitField(_l("Save draft"))
    hand_in = SubmitField(_l("Hand in"))

    @classmethod
    def for_draft(
        cls, assignment: Assignment, draft: Attempt | None, *, max_file_bytes: int
    ) -> "WorkForm":
        """Build the form of one assignment, filled with the draft unless it was sent."""
        link, text = find_one(draft, ArtifactKind.LINK), find_one(draft, ArtifactKind.TEXT)
        form = cls(link=link.url if link else "", text=text.text if text else "")
        form.link.description = gettext(
            "The address of your work on the web, beginning with https://. "
            "Make sure that it can be opened without your password."
        )
        if assignment.max_files:
            form.files.description = _describe_files(assignment, max_file_bytes)
        else:
            del form.files
        if not assignment.accepts_link:
            del form.link
        if not assignment.accepts_text:
            del form.text
        return form

    def point_out(self, name: str, *messages: str) -> None:
        """Put a message at a field; at the first one if the form has no such field."""
        field = self[name] if name in self else next(iter(self))
        field.errors = [*field.errors, *messages]


def _describe_files(assignment: Assignment, max_file_bytes: int) -> str:
    types = ", ".join(sorted(extensions_of(assignment.file_kinds)))
    megabytes = max_file_bytes // (1024 * 1024)
    text: str = ngettext(
        "One file of at most %(megabytes)s MB. Accepted types: %(types)s.",
        "Up to %(num)d files of at most %(megabytes)s MB each. Accepted types: %(types)s.",
        assignment.max_files,
        megabytes=megabytes,
        types=types,
    )
    return text
