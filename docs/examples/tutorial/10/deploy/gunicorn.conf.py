"""The settings of gunicorn: ``gunicorn -c deploy/gunicorn.conf.py``, at the top of the project."""

from __future__ import annotations

import os

from framework.serve.gunicorn import *  # noqa: F403 - the hooks: start, drain and shut down each worker

wsgi_app = "booking:create_app()"
bind = os.environ.get("BIND", "127.0.0.1:8000")

# One to two workers per core. A request and a stream of changes hold a thread each; more threads than the database pool
# has connections (15) would wait for one another.
workers = 2
worker_class = "gthread"
threads = 15
preload_app = True

timeout = 30  # above FRAMEWORK_DEADLINE: a request ends first
graceful_timeout = 35  # above FRAMEWORK_DRAIN_TIMEOUT
worker_tmp_dir = "/dev/shm"
control_socket_disable = True
accesslog = None  # the application writes one
