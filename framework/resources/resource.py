"""``Resource``: a class with one handler for each HTTP method, whose values are data.

Floor 5.
"""

from __future__ import annotations

from ..views import MethodView


class Resource(MethodView):
    """One resource of the API. Write ``get``, ``post``, ``put``, ``patch`` or ``delete``, and mark them.

    What a handler returns is data: it is dumped with the schema of its ``response`` mark, or is JSON as it is.
    A new instance is made for each request.

    The docstring describes the path in the document; that of a handler its operation.
    """
