"""Tools for testing applications: what tests import.

No logic of its own: it stands in the modules beside it.
Floor 7.
"""

from .client import AppClient, EnvironBuilder
from .runner import AppCliRunner

__all__ = ["AppCliRunner", "AppClient", "EnvironBuilder"]
