"""The forms of the room: one-button acts."""

from app.core.forms import Form


class ActForm(Form):
    """One button; only the form's token matters."""
