"""The access log: one record for each request, when its last byte is sent or its client has left.

The names of its members are those of OpenTelemetry's semantic conventions. Queries, headers but ``User-Agent``, and
bodies are never in it.
Floor 7.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import os
import random
import sys
import time
import typing as t

import msgspec

from ..http.request_ids import known_id
from ..logging import REQUEST_ATTRIBUTES, has_level_handler, printable, trace_ids
from ..record import Observer, RequestRecord

ACCESS: t.Final = "framework.access"
"""The logger."""

SERVERS: t.Final = ("gunicorn.access", "uvicorn.access", "hypercorn.access", "granian.access")
"""The loggers of servers that write a line for each request too."""

_KNOWN: t.Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", *REQUEST_ATTRIBUTES}
_LONGEST_AGENT: t.Final = 256


class JSONFormatter(logging.Formatter):
    """Write log records as JSON, one object in a line: ``asctime`` (RFC 3339, UTC), ``levelname``, ``name``,
    ``message``, the ids of request and trace, what ``extra=`` was given, ``exc_info`` and ``stack_info``.

    The names are those of python-json-logger. A value that JSON does not know becomes its text.
    """

    _encoder: t.ClassVar = msgspec.json.Encoder(enc_hook=str)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        moment = dt.datetime.fromtimestamp(record.created, dt.UTC)
        members: dict[str, object] = {
            "asctime": moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z",
            "levelname": record.levelname,
            "name": record.name,
            "message": record.getMessage(),
        }
        for name in REQUEST_ATTRIBUTES:
            value = getattr(record, name, "-")
            if value != "-":
                members[name] = value
        for name, value in vars(record).items():
            if name not in _KNOWN:
                members[name] = value
        if record.exc_info:
            members["exc_info"] = self.formatException(record.exc_info)
        elif record.exc_text:
            members["exc_info"] = record.exc_text
        if record.stack_info:
            members["stack_info"] = self.formatStack(record.stack_info)
        try:
            return self._encoder.encode(members).decode()
        except (TypeError, ValueError, RecursionError):  # a mapping with other keys, a circle, lone surrogates
            return self._encoder.encode({name: ascii(value) for name, value in members.items()}).decode()


class _TextFormatter(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("[%(asctime)s] %(message)s %(request_id)s")


class AccessLogHandler(logging.Handler):
    """Writes lines to a file, or to standard output. A file that was moved away is opened anew, within a second.

    :param file: The path of the file, or ``"-"`` for standard output.
    """

    def __init__(self, file: str) -> None:
        super().__init__()
        self._file = file
        self._descriptor: int | None = None
        self._looked = 0.0

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        try:
            self.write(self.format(record).encode(errors="backslashreplace"))
        except Exception:  # noqa: BLE001 - logging's rule: printed, and never raised
            self.handleError(record)

    def write(self, line: bytes) -> None:
        """Write a line: in one piece, so that those of several processes stay whole.

        :param line: Without its end.
        """
        if self._file == "-":
            sys.stdout.write(line.decode() + "\n")
            sys.stdout.flush()
            return
        with self.lock or contextlib.nullcontext():
            now = time.monotonic()
            if self._descriptor is None or now - self._looked >= 1:
                self._looked = now
                self._open()
            os.write(self._descriptor, line + b"\n")  # type: ignore[arg-type]  # it has just been opened

    def _open(self) -> None:
        if self._descriptor is not None:
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(self._descriptor), os.stat(self._file)):
                    return
            os.close(self._descriptor)
        self._descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)

    def close(self) -> None:
        """Close the file."""
        with self.lock or contextlib.nullcontext():
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None
        super().close()


def access_logger(form: str, file: str) -> tuple[logging.Logger, AccessLogHandler | None]:
    """Return the logger of the access log, with a handler where it has none.

    :param form: ``"json"`` or ``"text"``.
    :param file: The path of a file, or ``"-"`` for standard output.
    :return: The logger, and the handler if it is one of this module.
    """
    logger = logging.getLogger(ACCESS)
    if not logger.level:
        logger.setLevel(logging.INFO)
    name = f"{ACCESS}:{file}"
    for handler in logger.handlers:
        if isinstance(handler, AccessLogHandler) and handler.get_name() == name:
            break
    else:
        if file == "-" and has_level_handler(logger):
            return logger, None
        handler = AccessLogHandler(file)
        handler.set_name(name)
        logger.addHandler(handler)
    handler.setFormatter(JSONFormatter() if form == "json" else _TextFormatter())
    return logger, handler


class AccessLog(Observer):
    """Writes a record for each request.

    :param logger: What it is written to.
    :param handler: The handler of :func:`access_logger`, if the logger has it.
    :param sample: How many of the answers below 400 are written, from 0 to 1.
    """

    def __init__(self, logger: logging.Logger, handler: AccessLogHandler | None = None, sample: float = 1.0) -> None:
        self._logger = logger
        self._handler = handler
        self._sample = sample
        self._second = (0, "")
        self._encode = msgspec.json.Encoder(enc_hook=str).encode

    def end(self, record: RequestRecord) -> None:
        """Write the record."""
        if record.is_hidden or not self._logger.isEnabledFor(logging.INFO):
            return
        if self._sample < 1:
            is_fine = record.status is not None and record.status < 400 and record.ending in ("answered", "streamed")
            if is_fine and random.random() >= self._sample:
                return
        if self._writes_alone():
            try:
                self._handler.write(self._line(record))  # type: ignore[union-attr]
                return
            except (OSError, TypeError, ValueError, RecursionError):
                pass  # the long way says what is wrong
        # 'Logger.info' would look for the line that called it, which says nothing here.
        line = logging.getLogRecordFactory()(ACCESS, logging.INFO, __file__, 0, text_of(record), (), None, "end")
        vars(line).update(members_of(record))
        self._logger.handle(line)

    def _writes_alone(self) -> bool:
        """Return whether the own handler is all that would get a record, as JSON."""
        # PERF: 4 us in place of 25: no log record is made where no other handler gets it.
        logger, handler = self._logger, self._handler
        return (
            handler is not None
            and type(handler.formatter) is JSONFormatter
            and len(logger.handlers) == 1
            and not (logger.filters or handler.filters)
            and not (logger.propagate and (logging.root.handlers or (logger.parent and logger.parent.handlers)))
        )

    def _line(self, record: RequestRecord) -> bytes:
        environ, duration = record.environ, record.duration
        now = record.begun_at + duration
        whole = int(now)
        if whole != self._second[0]:
            self._second = whole, dt.datetime.fromtimestamp(whole, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.")
        members: dict[str, object] = {
            "asctime": f"{self._second[1]}{int((now - whole) * 1000):03d}Z",
            "levelname": "INFO",
            "name": ACCESS,
            "message": text_of(record),
        }
        if (request_id := known_id(environ)) is not None:
            members["request_id"] = request_id
        if (ids := trace_ids(record.ctx)) is not None:
            members["trace_id"], members["span_id"] = ids
        members.update(members_of(record))
        return self._encode(members)


def members_of(record: RequestRecord) -> dict[str, object]:
    """Return what the access log says of a request, without what is not known."""
    environ, ctx = record.environ, record.ctx
    method = record.method
    members: dict[str, object] = {"http.request.method": method}
    if method != environ["REQUEST_METHOD"]:
        members["http.request.method_original"] = environ["REQUEST_METHOD"]
    if ctx.url_rule is not None:
        members["http.route"] = ctx.url_rule.rule
    members["url.path"] = record.path
    if record.status is not None:
        members["http.response.status_code"] = record.status
    if (record.status is None or record.status >= 400 or record.failure is not None) and record.error_type is not None:
        members["error.type"] = record.error_type
    if client := environ.get("REMOTE_ADDR"):
        members["client.address"] = client
    if ctx.user is not None and (user_id := record.user_id) is not None:
        members["user.id"] = user_id
    if agent := environ.get("HTTP_USER_AGENT"):
        members["user_agent.original"] = agent[:_LONGEST_AGENT]
    if environ.get("CONTENT_LENGTH") and (size := record.request_size) is not None:
        members["http.request.body.size"] = size
    members["http.response.body.size"] = record.response_size
    members["http.server.request.duration"] = round(record.duration, 6)
    if ctx.operation is not None:
        members["framework.operation_id"] = ctx.operation.operation_id
    members["framework.ending"] = record.ending
    if record._times:
        for part, seconds in record._times.items():
            members[f"framework.time.{part}"] = round(seconds, 6)
    if record._extra:
        members.update(record._extra)
    return members


def text_of(record: RequestRecord) -> str:
    """Return what the access log says of a request, in a line for people."""
    environ = record.environ
    text = f'"{environ["REQUEST_METHOD"]} {record.path}" {"-" if record.status is None else record.status}'
    if not text.isprintable():
        text = printable(text)
    user = "-" if record.ctx.user is None else printable(record.user_id or "-")
    ending = "" if record.ending in ("answered", "streamed") else f" {record.ending}"
    client = environ.get("REMOTE_ADDR") or "-"
    return f"{client} {user} {text} {record.response_size} {record.duration * 1000:.1f}ms{ending}"
