"""The room's blueprint; its pages stand in the `…_views` modules."""

from flask import Blueprint

bp = Blueprint("retention", __name__)
