"""An application with metrics, for servers with several processes: the folder is that of the environment."""

from __future__ import annotations

import os
import signal
import time

from framework import App
from framework.observe import Metrics

app = App("counted", static_folder=None)
app.config["METRICS_PATH"] = "/metrics"
Metrics(app)


@app.get("/hello")
def hello():
    """Answer at once."""
    return {"pid": os.getpid()}


@app.get("/killed")
def killed():
    """End the worker as the kernel does when memory is short."""
    os.kill(os.getpid(), signal.SIGKILL)
    return ""


@app.get("/slow")
def slow():
    """Answer after a while."""
    time.sleep(float(os.environ.get("SLOW_SECONDS", "1")))
    return {}
