"""gunicorn for the sample: ``gunicorn -c sample_api/deploy/gunicorn.conf.py``, where ``sample_api`` can be imported.

The environment says what differs between hosts: ``BIND`` (default 127.0.0.1:8000), ``WEB_CONCURRENCY`` (2 workers),
``PRELOAD`` (1) and ``PROMETHEUS_MULTIPROC_DIR`` (a folder of this service alone).
"""

from __future__ import annotations

import os
from pathlib import Path

from framework.serve.gunicorn import *  # noqa: F403 - the hooks: start, drain and shut down each worker

wsgi_app = "sample_api:create_app()"
bind = os.environ.get("BIND", "127.0.0.1:8000")

# One to two workers per core. Threads wait for the database and for slow neighbours; more of them than the pool of an
# engine has connections (15) would wait for each other.
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "gthread"
threads = 15

# Load the application before the port opens: nginx would send requests to a host that cannot answer them yet. Workers
# share its memory. PRELOAD=0 is for machines where SIGHUP brings new code in: it is loaded by each new worker then.
preload_app = os.environ.get("PRELOAD", "1") != "0"

# A worker that does not answer for so long is replaced. Above FRAMEWORK_DEADLINE, so that a request ends first.
timeout = 30
# Above FRAMEWORK_DRAIN_TIMEOUT, below whatever kills in the end (stop_grace_period, TimeoutStopSec, ...).
graceful_timeout = 35

# Workers tell the master that they live through a file: in memory, where a disk cannot hold them up.
worker_tmp_dir = "/dev/shm"
control_socket_disable = True
# The access log is the application's.
accesslog = None


def on_starting(server: object) -> None:
    """Empty the folder of the metrics: counts of an earlier run are not ours."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        for file in Path(folder).iterdir():
            file.unlink()
