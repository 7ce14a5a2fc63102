"""The command line: what applications, plugins and scripts import.

No logic: the commands are in the other modules of the package.
Floor 7.
"""

from .discovery import NoAppException, find_app_by_string, find_best_app, locate_app, prepare_import
from .envfiles import load_dotenv
from .group import FrameworkGroup, cli, main
from .options import CertParamType, SeparatedPathType, get_version
from .routes import routes_command
from .run import run_command
from .script import AppGroup, ScriptInfo, pass_script_info, with_appcontext
from .server import show_server_banner
from .shell import shell_command

__all__ = [
    "AppGroup",
    "CertParamType",
    "FrameworkGroup",
    "NoAppException",
    "ScriptInfo",
    "SeparatedPathType",
    "cli",
    "find_app_by_string",
    "find_best_app",
    "get_version",
    "load_dotenv",
    "locate_app",
    "main",
    "pass_script_info",
    "prepare_import",
    "routes_command",
    "run_command",
    "shell_command",
    "show_server_banner",
    "with_appcontext",
]
