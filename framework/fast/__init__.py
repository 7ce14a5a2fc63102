"""Schemas, rules and values turned into plain functions. ``source(schema)`` shows what was generated for a schema.

Floor 1: imports ``fast.codegen``.
"""

from .codegen import source as source
