"""Help for development that has no part in production: a PostgreSQL and a Redis without containers.

Floor 7.
"""

from __future__ import annotations

import typing as t

from .._lazy import lazy

if t.TYPE_CHECKING:
    from ._processes import ServiceError as ServiceError
    from ._services import DevServices as DevServices
    from ._services import services_for_tests as services_for_tests
else:
    __getattr__ = lazy(__name__, {"_processes": "ServiceError", "_services": "DevServices services_for_tests"})
