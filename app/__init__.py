"""Assay: micro-credentials inside courses. The application factory."""

from importlib import import_module
from pathlib import Path

from flask import Flask
from flask_babel import Babel
from flask_bootstrap import Bootstrap5
from flask_migrate import Migrate

from app.core.access import access_table, install_access
from app.core.address_sessions import AddressSessions, Application
from app.core.crypto import Vault
from app.core.db import db, engine_options, install_connections, prepare_engine
from app.core.form_tokens import install_form_tokens
from app.core.forms import FormProtection
from app.core.http import OutgoingClient
from app.core.logs import configure_logs
from app.core.pages import install_converters, install_pages, page_context
from app.core.proxies import TrustedProxies
from app.core.uploads import install_uploads
from app.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parent.parent
VERSION = "0.1.0"

# Rooms with pages, top to bottom; each has a blueprint `bp` in its `views`.
ROOMS_WITH_VIEWS = (
    *(
        "launch",
        "staff",
        "retention",
        "public",
        "assessment",
        "awards",
        "evidence",
        "passback",
        "mapping",
    ),
    *("approval", "catalog", "courses", "platforms"),
)
# Every room with tables; importing them fills the metadata.
ROOMS_WITH_MODELS = (
    "core.audit",
    "platforms.models",
    "outbox.models",
    "programme.models",
    "courses.models",
    "courses.origins",
    "courses.addresses",
    "catalog.models",
    "catalog.skill_models",
    "catalog.picture_models",
    "catalog.stack_models",
    "mapping.models",
    "passback.models",
    "evidence.models",
    "evidence.upload_models",
    "evidence.group_models",
    "evidence.consent_models",
    "evidence.conflict_models",
    "awards.models",
    "awards.status_models",
    "awards.endorsement_models",
    "awards.stack_models",
    "awards.souvenir_models",
    "assessment.models",
    "assessment.desk_models",
    "assessment.dialogue_models",
    "approval.models",
    "staff.models",
    "retention.models",
    "launch.models",
    "launch.handover_models",
    "launch.notice_models",
)


def create_app(settings: Settings | None = None) -> Flask:
    """Build the application from its settings (by default the environment's).

    Raises: `SettingsError` if a setting is missing or wrong;
        `RuntimeError` if a view does not say who may call it.
    """
    settings = settings or load_settings()
    configure_logs(settings.log_format)
    app = Application(__name__, template_folder=str(ROOT / "templates"))
    secret = settings.secret_key.get_secret_value()
    app.config.update(
        SECRET_KEY=secret,
        SESSION_COOKIE_NAME="__Host-assay",
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="None",
        SESSION_COOKIE_PARTITIONED=True,
        SESSION_COOKIE_PATH="/",
        SQLALCHEMY_DATABASE_URI=settings.resolved_database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database_url),
        BOOTSTRAP_SERVE_LOCAL=True,
        WTF_I18N_ENABLED=False,  # WTForms' own words are English, as the pages are
        WTF_CSRF_TIME_LIMIT=None,  # the session's end is the form's end
        BABEL_DEFAULT_TIMEZONE="UTC",
        SEND_FILE_MAX_AGE_DEFAULT=3600,
    )
    app.extensions["assay.settings"] = settings
    app.extensions["assay.vault"] = Vault(secret)
    app.extensions["assay.http"] = OutgoingClient(
        user_agent=f"Assay/{VERSION} (+{settings.base_url})",
        allow_loopback=settings.may_call_loopback,
    )
    if settings.oidc_issuer:
        provider = import_module("app.staff.provider").Provider
        app.extensions["assay.campus"] = provider(settings, app.extensions["assay.http"])
    _install(app, settings)
    return app


def _install(app: Flask, settings: Settings) -> None:
    for room in ROOMS_WITH_MODELS:
        import_module(f"app.{room}")
    db.init_app(app)
    install_connections(app)
    with app.app_context():
        prepare_engine(db.engine)
    Migrate(app, db, directory=str(ROOT / "migrations"), render_as_batch=True)
    FormProtection(app)
    install_form_tokens(app)
    Bootstrap5(app)
    Babel(app, locale_selector=import_module("app.launch.service").select_locale)
    install_access(app, import_module("app.launch.principals").load_principal)
    install_uploads(app, max_file_bytes=settings.max_upload_bytes)
    install_converters(app)
    install_pages(app)
    app.context_processor(page_context)
    app.jinja_env.add_extension("jinja2.ext.do")
    app.jinja_env.globals.pop("config", None)
    for room in ROOMS_WITH_VIEWS:
        app.register_blueprint(import_module(f"app.{room}.views").bp)
    import_module("app.cli").install(app)
    access_table(app)
    sessions = AddressSessions(app.wsgi_app)
    app.wsgi_app = TrustedProxies(sessions, settings.trusted_proxies)  # type: ignore[method-assign]
