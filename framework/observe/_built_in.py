"""The observers that settings ask for.

Floor 7.
"""

from __future__ import annotations

import logging
import typing as t

from ..config import seconds
from ..record import Observer

if t.TYPE_CHECKING:
    from ..app import App


def observers_of(app: App, shows_times: bool) -> list[Observer]:
    """Make the observers that the settings of an application ask for.

    :param app: The application, which is being frozen.
    :param shows_times: True if answers have ``Server-Timing``.
    """
    config = app.config
    observers: list[Observer] = []
    if config["ACCESS_LOG"] is not None:
        from ._access_log import SERVERS, AccessLog, access_logger

        logger, handler = access_logger(config["ACCESS_LOG"], config["ACCESS_LOG_FILE"])
        observers.append(AccessLog(logger, handler, config["ACCESS_LOG_SAMPLE"]))
        if config["ACCESS_LOG_REPLACES_SERVER"]:
            for name in SERVERS:
                logging.getLogger(name).disabled = True
    least = config["SLOW_REQUEST_TIME"]
    if least is not None:
        from ._slow import SlowLog

        observers.append(SlowLog(seconds(least)))
    if shows_times:
        from ._slow import ServerTiming

        observers.append(ServerTiming())
    return observers
