"""The files of metrics that several processes write: those of ended processes are folded into one per kind.

prometheus-client writes a file per process and kind, and keeps those of processes that have ended for ever. Here a
process holds a lock on a file of its for as long as it lives, so that the kernel releases it also where the process is
killed; files without such a lock are added up, and removed.
Floor 7.
"""

from __future__ import annotations

import collections
import collections.abc as cabc
import contextlib
import fcntl
import json
import os
import pathlib
import tempfile
import threading
import typing as t

from prometheus_client.mmap_dict import MmapedDict

KINDS: t.Final = ("counter", "histogram", "summary")
"""The kinds whose values are added up. Gauges of ended processes are removed."""

FOLDED: t.Final = "folded"


class MetricsFiles:
    """The folder of the files.

    :param folder: Its path; it is made where it is missing.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._journal = self.folder / "fold.lock"
        self._threads = threading.Lock()
        self._claim: int | None = None
        self.claim()
        # No thread holds the journal while another forks: the child would keep it locked for ever.
        os.register_at_fork(
            before=self._threads.acquire, after_in_parent=self._threads.release, after_in_child=self._after_fork
        )

    def _after_fork(self) -> None:
        self._threads.release()
        if self._claim is not None:
            os.close(self._claim)  # the parent has a descriptor too, which keeps its lock
            self._claim = None
        self.claim()

    def claim(self) -> None:
        """Lock the file of this process, so that others know that it lives."""
        path = self.folder / f"counter_{os.getpid()}.db"
        with self._locked():
            self._fold()  # among them a process that had the number of this one before
            MmapedDict(str(path)).close()
            self._claim = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            fcntl.flock(self._claim, fcntl.LOCK_EX | fcntl.LOCK_NB)

    @contextlib.contextmanager
    def collecting(self) -> cabc.Iterator[None]:
        """Fold the files of ended processes, and keep the files as they are for a ``with`` block."""
        with self._locked():
            self._fold()
            yield

    @contextlib.contextmanager
    def _locked(self) -> cabc.Iterator[None]:
        with self._threads:
            descriptor = os.open(self._journal, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                yield
            finally:
                os.close(descriptor)

    def _is_dead(self, process: int) -> bool:
        """Return whether a process has ended: its file has no lock, or is gone."""
        if process == os.getpid() and self._claim is not None:
            return False
        try:
            descriptor = os.open(self.folder / f"counter_{process}.db", os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return True
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(descriptor)
        return True

    def _fold(self) -> None:
        self._finish()
        files: dict[int, list[pathlib.Path]] = collections.defaultdict(list)
        for path in self.folder.glob("*.db"):
            number = path.stem.rpartition("_")[2]
            if number.isdigit():
                files[int(number)].append(path)
        dead = [process for process in files if self._is_dead(process)]
        paths = [path for process in dead for path in files[process]]
        for kind in KINDS:
            found = [path for path in paths if path.name.startswith(f"{kind}_")]
            # The file whose lock says that a process lives goes last, so that its others are never taken for orphans.
            if found:
                self._add(kind, found)
        for path in paths:
            if path.name.startswith("gauge_"):
                path.unlink(missing_ok=True)

    def _add(self, kind: str, paths: list[pathlib.Path]) -> None:
        """Add up files of a kind. A process that is killed midway leaves a journal, so that none is counted twice."""
        target = self.folder / f"{kind}_{FOLDED}.db"
        values: dict[str, float] = collections.defaultdict(float)
        for path in [target, *paths]:
            for key, value in _values(path):
                values[key] += value
        handle, name = tempfile.mkstemp(dir=self.folder, suffix=".new")
        os.close(handle)
        made = MmapedDict(name)
        for key, value in values.items():
            made.write_value(key, value, 0.0)
        made.close()
        sources = [[path.name, _mark(path)] for path in paths]
        self._journal.write_text(json.dumps({"made": os.stat(name).st_ino, "target": target.name, "sources": sources}))
        os.rename(name, target)
        self._finish()

    def _finish(self) -> None:
        """Finish what a process began that was killed while it folded."""
        text = self._journal.read_text()
        if text:
            journal = json.loads(text)
            target = self.folder / journal["target"]
            if target.exists() and target.stat().st_ino == journal["made"]:
                for name, mark in journal["sources"]:
                    path = self.folder / name
                    if path.exists() and _mark(path) == mark:
                        path.unlink()
            os.truncate(self._journal, 0)
        for path in self.folder.glob("*.new"):
            path.unlink()


def _mark(path: pathlib.Path) -> list[int]:
    """Return what tells a file from a later one of the same name."""
    found = path.stat()
    return [found.st_ino, found.st_ctime_ns]


def _values(path: pathlib.Path) -> cabc.Iterator[tuple[str, float]]:
    """Yield the values of a file; none of one that is missing, or that its process had only begun."""
    try:
        if path.stat().st_size < 8:
            return
    except FileNotFoundError:
        return
    for key, value, *_ in MmapedDict.read_all_values_from_file(str(path)):
        yield key, value
