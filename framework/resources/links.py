"""The operations that links lead to, found and checked when the application freezes.

Floor 5.
"""

from __future__ import annotations

import collections.abc as cabc
import difflib
import typing as t

from ..errors import SetupError
from ..fast.routing import names_in
from ..marks.links import Link
from .assembly import told

if t.TYPE_CHECKING:
    from .operation import Operation

ParameterKey: t.TypeAlias = tuple[str, str]
"""The location of a parameter, and its name."""


def links_of(operation: Operation) -> cabc.Iterator[tuple[int, str, Link]]:
    """The links of an operation's answers: status, name and link."""
    for outcome in operation.outcomes:
        for name, link in outcome.links:
            yield outcome.status, name, link


def check_links(operations: cabc.Sequence[Operation]) -> None:
    """Refuse links that lead nowhere, or that fill parameters in which there are not.

    :raises SetupError: There is one.
    """
    for operation in operations:
        for _, name, link in links_of(operation):
            target = target_of(link, name, operation, operations)
            known = parameters_of(target)
            for parameter in link.parameters:
                if parameter_for(parameter, known) is None:
                    raise SetupError(
                        f"The link {name!r} of {told(operation)} gives {target.address} a parameter"
                        f" {parameter!r}, and it has none.{near(parameter, [each for _, each in known])}"
                        f" It has {', '.join(repr(each) for _, each in known) or 'no parameters'}."
                    )


def target_of(link: Link, name: str, source: Operation, operations: cabc.Sequence[Operation]) -> Operation:
    """The operation that a link leads to.

    Of several routes of one class or endpoint one on the router of the source comes first, then the only one that has
    all parameters of the link.

    :param name: That of the link, for messages.
    :raises SetupError: None has that name, or several have.
    """
    found = candidates(link, source, operations)
    where = f"The link {name!r} of {told(source)}"
    if not found:
        called = link.target.__name__ if isinstance(link.target, type) else repr(link.target)
        ids = [each.operation_id for each in operations if each.documented]
        raise SetupError(
            f"{where} leads to {called}, and no operation is called so"
            f"{'' if link.target in ids else f' and has the method {link.method}'}."
            f"{near(str(link.target), ids)} Give an operationId, a view class, or an endpoint like '.Pet'."
        )
    version = getattr(source.rule, "version", None)
    found = [each for each in found if getattr(each.rule, "version", None) == version] or found
    narrowed = [each for each in found if each.routers == source.routers] or found
    if len(narrowed) > 1:
        narrowed = [
            each for each in narrowed if all(parameter_for(one, parameters_of(each)) for one in link.parameters)
        ] or narrowed
    if len(narrowed) > 1:
        several = ", ".join(repr(each.operation_id) for each in narrowed)
        raise SetupError(f"{where} may lead to several operations: {several}. Give the operationId that is meant.")
    return narrowed[0]


def candidates(link: Link, source: Operation, operations: cabc.Sequence[Operation]) -> list[Operation]:
    """The operations that a target may mean; one of that id before one of that endpoint."""
    if isinstance(link.target, type):
        return [each for each in operations if each.view_class is link.target and each.method == link.method]
    found = [each for each in operations if each.operation_id == link.target]
    if found:
        return found
    endpoint = link.target
    if endpoint.startswith("."):
        endpoint = f"{source.endpoint.rpartition('.')[0]}{endpoint}".lstrip(".")
    return [each for each in operations if each.endpoint == endpoint and each.method == link.method]


def parameters_of(operation: Operation) -> list[ParameterKey]:
    """The parameters of an operation, those of its path included."""
    declared = [(record.location, record.name) for record in operation.parameters]
    in_path = [("path", name) for name in names_in(operation.rule.rule)]
    return [*in_path, *(each for each in declared if each not in in_path)]


def parameter_for(written: str, known: cabc.Iterable[ParameterKey]) -> ParameterKey | None:
    """The parameter that a link means by ``page``, ``query.page`` or, in headers, in any case of letters."""
    for where, name in known:
        same = name.lower() if where == "header" else name
        given = written.lower() if where == "header" else written
        if given in (same, f"{where}.{same}"):
            return where, name
    return None


def near(word: str, words: cabc.Iterable[str]) -> str:
    """``" Did you mean 'x'?"``, where something is near."""
    found = difflib.get_close_matches(word, list(words), 1)
    return f" Did you mean {found[0]!r}?" if found else ""
