"""A project: package, settings, database, tests, deployment, CI.

Not here: its resources (``dev._new_resource``), where the framework comes from (``dev._new_origin``).
Floor 7.
"""

from __future__ import annotations

from ._new_fields import FieldSpec
from ._new_files import Files, fill
from ._new_names import checked_project
from ._new_resource import checked_names, register, resource_files

_FIRST = ("name:str", "note:text?", "quantity:int=1")


def project_files(name: str, url: str, has_database: bool = True) -> Files:
    """Return the files of a new project.

    :param name: The name of its package.
    :param url: The place that the framework is installed from.
    :param has_database: With a database, migrations, and a resource that uses them.
    :raises SetupError: The name cannot be used.
    """
    checked_project(name)
    kind, extras = ("db", "dotenv,prometheus,sqlalchemy") if has_database else ("plain", "dotenv,prometheus")
    values = {
        "name": name,
        "title": name.replace("_", " ").capitalize(),
        "host": f"{name.replace('_', '-')}.example",
        "requirement": f"framework[{extras}] @ {url}",
    }
    files = fill("project", values, kind, {"package": name})
    files |= fill("database" if has_database else "plain", values, kind, {"package": name})
    if has_database:
        names = checked_names("item")
        fields = [FieldSpec.parse(text) for text in _FIRST]
        files |= resource_files(name, names, fields, "0001", None)
        routers = f"{name}/routers.py"
        files[routers] = register(files[routers], names.plural, routers)
    return Files(new=dict(sorted(files.items())))
