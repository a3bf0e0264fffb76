"""The form of a comment of somebody's own bank."""

from collections.abc import Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from app.assessment.forms import MAX_TEXT, TOO_LONG, clean
from app.catalog.models import Achievement
from app.core.forms import Form

ANY = 0


class CommentForm(Form):
    """A comment of somebody's own bank."""

    text = TextAreaField(
        _l("Comment"),
        filters=[clean],
        validators=[
            InputRequired(_l("Write the comment")),
            Length(max=MAX_TEXT, message=TOO_LONG),
        ],
    )
    achievement = SelectField(_l("Offered for"), coerce=int, default=ANY)

    @classmethod
    def among(cls, achievements: Sequence[Achievement], **data: object) -> "CommentForm":
        """Build the form with the micro-credentials that somebody may assess for."""
        form = cls(**data)
        form.achievement.choices = [
            SelectChoice(ANY, _("Every micro-credential")),
            *(SelectChoice(each.id, each.versions[-1].name) for each in achievements),
        ]
        return form

    @property
    def achievement_id(self) -> int | None:
        """The chosen micro-credential; `None`: every one."""
        chosen: int = self.achievement.data
        return None if chosen == ANY else chosen
