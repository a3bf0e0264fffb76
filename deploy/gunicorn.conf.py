"""How gunicorn serves the tool; `deploy/run.py` and the container use it."""

import os

bind = os.environ.get("ASSAY_BIND", "127.0.0.1:8000")
workers = int(os.environ.get("ASSAY_WEB_WORKERS", "2"))
worker_class = "gthread"
threads = 4
timeout = 60
# Uploads may take long; a stalled one is ended by the reverse proxy.
graceful_timeout = 20
keepalive = 5
# A login by GET carries the LMS's hints, which are long: the most that gunicorn allows.
limit_request_line = 8190
# Forwarded headers are ASSAY_TRUSTED_PROXIES' business, not gunicorn's.
forwarded_allow_ips = ""
control_socket_disable = True
accesslog = None
loglevel = "warning"
