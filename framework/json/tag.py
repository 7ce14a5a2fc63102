"""The tagged JSON of sessions, under the import path that Flask gives it; the room is :mod:`framework.http.tagged`.

Floor 3.
"""

from __future__ import annotations

from ..http.tagged import JSONTag as JSONTag
from ..http.tagged import PassDict as PassDict
from ..http.tagged import PassList as PassList
from ..http.tagged import TagBytes as TagBytes
from ..http.tagged import TagDateTime as TagDateTime
from ..http.tagged import TagDict as TagDict
from ..http.tagged import TaggedJSONSerializer as TaggedJSONSerializer
from ..http.tagged import TagMarkup as TagMarkup
from ..http.tagged import TagTuple as TagTuple
from ..http.tagged import TagUUID as TagUUID
