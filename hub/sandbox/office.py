"""The hub operator's part of a play: inviting, agreements, users, closing a month. Only by the operator's commands, with `--json`.

A partner must never need this; what a simulated partner does goes over the wire.
"""

import io
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.management import CommandError, call_command
from django.db import connections

from hub.sandbox.companies import Company, make_iban, make_vat_id

Answer = dict[str, Any]
RunCommand = Callable[[str, Sequence[str]], Answer]


class OfficeRefused(Exception):
    """One of the operator's commands refused; the message is its reason."""


class Office:
    """The operator's desk. `run_command` runs one command and returns its JSON; by default inside this process."""

    def __init__(self, *, run_command: RunCommand | None = None) -> None:
        self._run: RunCommand = run_command or run_in_process

    def known_parties(self) -> set[str]:
        """This method will return every party (`CC-PID`) that some platform of the hub hosts."""
        platforms = self._run("list_platforms", [])["platforms"]
        return {party.partition(":")[2].replace(":", "-") for platform in platforms for party in platform["parties"]}

    def invite(self, *, name: str, roles: Sequence[tuple[Company, str]], host: str) -> Answer:
        """This method will invite a platform with its parties and allow its address; again, where a former start was cut short."""
        is_known = any(platform["name"] == name for platform in self._run("list_platforms", [])["platforms"])
        parties = [part for company, role in roles for part in ("--party", f"{role}:{company.country_code}:{company.party_id}")]
        return self._run("invite_platform", ["--name", name, *parties, "--allow-host", host, *(["--again"] if is_known else [])])

    def invite_broker(self, *, name: str, roles: Sequence[tuple[Company, str]], host: str) -> int:
        """This method will invite an OICP partner and return its number; again, where a former start was cut short."""
        for platform in self._run("list_platforms", [])["platforms"]:
            if platform["name"] == name:
                return int(platform["platform"])
        parties = [part for company, role in roles for part in ("--party", f"{role}:{company.country_code}:{company.party_id}")]
        invited = self._run("invite_platform", ["--name", name, "--protocol", "oicp", *parties, "--allow-host", host])
        return int(invited["platform"])

    def pin(self, *, platform: int, fingerprint: str, urls: Mapping[str, str]) -> Answer:
        """This method will pin an OICP partner's certificate and enter the addresses of its services, by service."""
        addresses = [part for service, url in urls.items() for part in (f"--{service}-url", url)]
        return self._run("register_oicp_partner", ["--platform", str(platform), "--certificate-sha256", fingerprint, *addresses])

    def lock(self, *, platform: int) -> Answer:
        """This method will lock a platform: an OICP partner cannot take itself away."""
        return self._run("lock_platform", ["--platform", str(platform)])

    def connect(self, *, platform: int, versions_url: str, token: str) -> Answer:
        """This method will let the hub start the handshake itself."""
        return self._run("connect_platform", ["--platform", str(platform), "--versions-url", versions_url, "--token", token])

    def sign(self, *, operator: Company, provider: Company, starts: date, netting_set: str | None = None) -> Answer:
        """This method will sign an agreement with a fee per CDR in the operator's currency, halved between the two."""
        country = operator.country
        terms = ["--hub-fee", str(country.hub_fee), "--hub-fee-payer", "both", "--currency", country.currency]
        terms += ["--netting-set", netting_set] if netting_set else []
        return self._run("sign_agreement", ["--operator", operator.id, "--provider", provider.id, "--starts", starts.isoformat(), *terms])

    def describe(self, company: Company) -> Answer:
        """This method will enter what documents need of a party."""
        return self._run(
            "set_party_details",
            [
                *("--party", company.id, "--legal-name", company.legal_name, "--street", company.street),
                *("--postal-code", company.postal_code, "--city", company.city, "--country", company.country_code),
                *("--vat-id", company.vat_id, "--iban", company.iban),
            ],
        )

    def describe_hub(self, *, party: str) -> Answer:
        """This method will enter what statements need of the hub's own party (`CC-PID`)."""
        country = party.partition("-")[0]
        return self._run(
            "set_party_details",
            [
                *("--party", party, "--legal-name", "Roamhouse Clearing (demonstration)", "--street", "Kontorgasse 1"),
                *("--postal-code", "20095", "--city", "Hamburg", "--country", country),
                *("--vat-id", make_vat_id(country, seed=party), "--iban", make_iban(country, seed=party)),
            ],
        )

    def admit(self, *, email: str, password: str, role: str, party: str | None) -> Answer:
        """This method will create a user; a partner's one belongs to `party`."""
        return self._run("create_user", ["--email", email, "--password", password, "--role", role, *(("--party", party) if party else ())])

    def close(self, *, period: str, by: str, netting_set: str | None = None) -> Answer:
        """This method will close a month."""
        chosen = ("--netting-set", netting_set) if netting_set else ()
        return self._run("close_period", ["--period", period, "--by", by, *chosen])

    def approve(self, *, run: int, by: str) -> Answer:
        """This method will approve a closed run."""
        return self._run("approve_run", ["--run", str(run), "--by", by])

    def issue(self, *, run: int, by: str) -> Answer:
        """This method will issue an approved run."""
        return self._run("issue_run", ["--run", str(run), "--by", by])

    def holds(self) -> list[Answer]:
        """This method will return every open hold with its reasons."""
        return list(self._run("list_holds", [])["holds"])

    def export(self, *, statement: int, file: str) -> Answer:
        """This method will write a statement's JSON to a file."""
        return self._run("export_statement", ["--statement", str(statement), "--format", "json", "--output", file])


def run_in_process(name: str, arguments: Sequence[str]) -> Answer:
    """This function will run one command here and return its JSON. Raises OfficeRefused where it refuses."""
    output = io.StringIO()
    try:
        call_command(name, *arguments, "--json", stdout=output, stderr=io.StringIO())
    except CommandError as refusal:
        raise OfficeRefused(f"{name}: {refusal}") from refusal
    finally:
        connections.close_all()  # the plays run commands in passing threads
    answer: Answer = json.loads(output.getvalue(), parse_float=Decimal)
    return answer
