"""How the commands about rules name a setting."""

from typing import Any

from django.core.management.base import CommandParser

from roaming.management.operator_command import WrongUsage
from settlement.control.settings import Setting


def add_setting_arguments(parser: CommandParser) -> None:
    """This function will declare `--check`, and `--action` or `--parameter` with `--value`."""
    parser.add_argument("--check", type=int, required=True, metavar="NUMBER", help="as list_rules numbers them")
    parser.add_argument("--action", choices=["flag", "hold"])
    parser.add_argument("--parameter", metavar="NAME")
    parser.add_argument("--value", metavar="NUMBER")
    parser.add_argument("--agreement", type=int, default=0, metavar="ID", help="the whole hub unless told")


def read_setting(options: dict[str, Any]) -> Setting:
    """This function will return the setting that the options name; it raises WrongUsage."""
    if bool(options["action"]) == bool(options["parameter"]) or bool(options["parameter"]) != bool(options["value"]):
        raise WrongUsage("name --action, or --parameter with --value")
    if options["action"]:
        return Setting(options["check"], "action", options["action"], options["agreement"])
    return Setting(options["check"], options["parameter"], options["value"], options["agreement"])
