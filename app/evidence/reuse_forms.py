"""The form by which a learner chooses earlier work."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectField, SelectMultipleField, SubmitField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from app.core.forms import Form
from app.evidence.models import Artifact, Attempt
from app.evidence.parts import is_locked
from app.mapping.models import Assignment

NOT_LISTED = _l("Choose from this list only; if that does not help, reload the page")


class ReuseForm(Form):
    """What to take over, and for which criterion if the assignment asks by criterion."""

    artifacts = SelectMultipleField(
        _l("Your earlier work"),
        coerce=int,
        invalid_value_message=NOT_LISTED,
        invalid_choice_message=NOT_LISTED,
        validators=[InputRequired(_l("Choose at least one piece of work"))],
    )
    part = SelectField(_l("For which criterion"), coerce=int, invalid_choice_message=NOT_LISTED)
    add = SubmitField(_l("Add to my draft"))

    @classmethod
    def for_work(
        cls, assignment: Assignment, draft: Attempt | None, offered: list[Artifact]
    ) -> "ReuseForm":
        """Build the form; locked parts cannot be chosen."""
        form = cls()
        form.artifacts.choices = [SelectChoice(str(each.id), name_of(each)) for each in offered]
        form.part.choices = [
            SelectChoice(str(each.id), each.name)
            for each in assignment.criteria
            if not is_locked(draft, each.id)
        ]
        if not assignment.is_by_criterion:
            del form.part
        return form

    @property
    def part_id(self) -> int | None:
        """The chosen criterion; `None` for the whole assignment. Read it on a valid form."""
        chosen: int | None = self.part.data if "part" in self else None
        return chosen


def name_of(artifact: Artifact) -> str:
    """Return what a learner knows a piece of their work by."""
    text: str = artifact.file_name or artifact.note or artifact.url or _text_name(artifact)
    return text


def _text_name(artifact: Artifact) -> str:
    words = " ".join((artifact.text or "").split()[:8])
    name: str = _("Text: “%(words)s …”", words=words)
    return name
