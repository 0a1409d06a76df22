"""`manage.py set_profile`: says how a partner really speaks, or decides what the hub proposes about it."""

from typing import Any

from django.core.management.base import CommandParser

from roaming.management.operator_command import OperatorCommand, WrongUsage
from roaming.management.profile_state import describe_profile, profile_lines
from roaming.parties.habits import NotProposed, confirm_proposal, dismiss_proposal, set_flags
from roaming.parties.profile import BadFlag, UnknownFlag
from roaming.parties.queries import UnknownPlatform, get_platform


class Command(OperatorCommand):
    """Sets flags of a partner's profile, and confirms or dismisses proposals."""

    help = "Say how a partner really speaks: set flags of its profile, confirm or dismiss what the hub proposes."
    refusals = (UnknownPlatform, UnknownFlag, BadFlag, NotProposed)

    def add_arguments(self, parser: CommandParser) -> None:
        """This function will name the options."""
        parser.add_argument("--platform", type=int, required=True, metavar="ID", help="the platform, as list_platforms prints it")
        parser.add_argument(
            "--set", action="append", default=[], metavar="FLAG=VALUE", help="may be repeated; list_profile names the flags"
        )
        parser.add_argument("--confirm", action="append", type=int, default=[], metavar="PROPOSAL", help="a proposal's number")
        parser.add_argument("--dismiss", action="append", type=int, default=[], metavar="PROPOSAL", help="a proposal's number")

    def run(self, **options: Any) -> dict[str, Any]:
        """This function will do everything that is named, in this order: dismiss, confirm, set."""
        platform = get_platform(options["platform"])
        flags = dict(_split(text) for text in options["set"])
        if not (flags or options["confirm"] or options["dismiss"]):
            raise WrongUsage("say what to do: --set FLAG=VALUE, --confirm PROPOSAL or --dismiss PROPOSAL")
        for proposal in options["dismiss"]:
            dismiss_proposal(platform=platform, proposal_id=proposal)
        for proposal in options["confirm"]:
            confirm_proposal(platform=platform, proposal_id=proposal)
        set_flags(platform=platform, flags=flags)
        return describe_profile(get_platform(platform.pk))

    def describe(self, result: dict[str, Any]) -> str:
        """This function will say the profile to people."""
        return profile_lines(result)


def _split(text: str) -> tuple[str, str]:
    flag, sign, value = text.partition("=")
    if not sign:
        raise WrongUsage(f"{text!r} is not FLAG=VALUE")
    return flag.strip(), value.strip()
