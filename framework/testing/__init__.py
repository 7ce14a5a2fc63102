"""Tools for testing applications: what tests import.

No logic: it is in the modules of the package.
Floor 7.
"""

from .client import AppClient, EnvironBuilder
from .runner import AppCliRunner

__all__ = ["AppCliRunner", "AppClient", "EnvironBuilder"]
