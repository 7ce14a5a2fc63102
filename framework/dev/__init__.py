"""Help for development that has no part in production: services without containers, and projects from templates.

Floor 7.
"""

from __future__ import annotations

import typing as t

from .._lazy import lazy

if t.TYPE_CHECKING:
    from ._new_fields import FieldSpec as FieldSpec
    from ._new_files import Files as Files
    from ._new_files import write_files as write_files
    from ._new_origin import framework_url as framework_url
    from ._new_project import project_files as project_files
    from ._new_resource import resource_changes as resource_changes
    from ._processes import ServiceError as ServiceError
    from ._services import DevServices as DevServices
    from ._services import services_for_tests as services_for_tests
else:
    __getattr__ = lazy(
        __name__,
        {
            "_new_fields": "FieldSpec",
            "_new_files": "Files write_files",
            "_new_origin": "framework_url",
            "_new_project": "project_files",
            "_new_resource": "resource_changes",
            "_processes": "ServiceError",
            "_services": "DevServices services_for_tests",
        },
    )
