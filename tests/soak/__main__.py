"""``make soak``: two hosts under load while things break. Needs root, for ``ip netns``; takes about two minutes.

It prints a table, fails where a figure is not held, and writes the figures into ``docs/serve/scaling.rst``.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click

from . import page
from .world import ROOT, namespaces, space


def main() -> int:
    """Make the namespaces, run the soak inside of that of the core, and remove everything."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        click.echo("make soak needs root and the program ip (apt-get install iproute2): it makes network namespaces.")
        return 2
    os.environ["SOAK_RUN"] = str(os.getpid())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    started = time.monotonic()
    inner: subprocess.Popen[bytes] | None = None
    status = 1
    try:
        with namespaces():
            try:
                inside = ["ip", "netns", "exec", space("core"), sys.executable, "-m", "tests.soak.run"]
                inner = subprocess.Popen([*inside, str(folder), *sys.argv[1:]], cwd=ROOT)
                status = inner.wait()
            finally:
                if inner is not None and inner.poll() is None:
                    inner.terminate()
                    inner.wait()
    finally:
        if status == 0:
            shutil.rmtree(folder)
            click.echo(f"The figures are in {page.PAGE.relative_to(ROOT)}.")
        else:
            click.echo(f"Logs are in {folder}.")
    click.echo(f"The run took {time.monotonic() - started:.0f} s.")
    return status


if __name__ == "__main__":
    sys.exit(main())
