"""The servers of operations that are bound to a host: the ``servers`` of their paths.

Floor 7.
"""

from __future__ import annotations

import collections.abc as cabc
import typing as t
from urllib.parse import urlsplit

from ...typing import JSONObject, Settings
from . import _paths as paths

if t.TYPE_CHECKING:
    from werkzeug.routing import Rule

    from ...app import App
    from ...resources.operation import Operation


class Servers:
    """The servers of the operations of one document whose rules name a host or a subdomain.

    :param app: The application.
    :param config: The settings of the document.
    :param operations: The operations of the document, all of them.
    """

    def __init__(self, app: App, config: Settings, operations: cabc.Iterable[Operation]) -> None:
        self._app = app
        self._hosts = app.url_map.host_matching or app.subdomain_matching
        general = config["API_SERVERS"] or ()
        parts = urlsplit(general[0]["url"] if general else "")
        self._scheme = parts.scheme if parts.scheme in ("http", "https") else app.config["PREFERRED_URL_SCHEME"]
        self._root = parts.path if parts.netloc else app.config["APPLICATION_ROOT"] or "/"
        self._by_handler: dict[object, list[Rule]] = {}
        if self._hosts:
            for each in operations:
                self._by_handler.setdefault(key_of(each), []).append(each.rule)

    def add(self, members: cabc.Sequence[Operation], made: cabc.Mapping[str, JSONObject]) -> list[JSONObject]:
        """Give the servers of a path where all its operations have the same; otherwise each operation gets its own.

        :param members: The operations of the path.
        :param made: Their Operation Objects by method, which may be added to.
        """
        if not self._hosts:
            return []
        found = [self.of(each) for each in members]
        if all(servers == found[0] for servers in found):
            return found[0]
        for operation, servers in zip(members, found, strict=True):
            if servers:
                made[t.cast(str, paths.item_key(operation.method))]["servers"] = servers
        return []

    def of(self, operation: Operation) -> list[JSONObject]:
        """The servers of an operation; none where its rule is for any host. One handler may serve several hosts."""
        made: list[JSONObject] = []
        for rule in self._by_handler[key_of(operation)]:
            host = self._host(rule)
            if host is None:
                return []
            server = self._server(host, rule)
            if server not in made:
                made.append(server)
        return made

    def _host(self, rule: Rule) -> str | None:
        if self._app.url_map.host_matching:
            return rule.host or None
        name = self._app.config["SERVER_NAME"]
        return f"{rule.subdomain}.{name}" if name and rule.subdomain else None

    def _server(self, host: str, rule: Rule) -> JSONObject:
        """A Server Object; variables of the host are its variables."""
        made: JSONObject = {"url": f"{self._scheme}://{paths.braced(host)}{self._root.rstrip('/')}"}
        names = paths.names(made["url"])
        if names:
            defaults = rule.defaults or {}
            made["variables"] = {name: {"default": str(defaults.get(name, name))} for name in names}
        return made


def key_of(operation: Operation) -> object:
    """Return what two operations have in common that are one to a client, on several hosts."""
    return paths.shape(paths.template(operation.rule)), operation.method, operation.handler
