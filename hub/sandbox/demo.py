"""The demonstration's people. Their passwords are public: they exist only where the demonstration network was asked for."""

from typing import NamedTuple


class DemoPerson(NamedTuple):
    """Who can log in, and as what (`create_user --role`); a partner's person belongs to `party`."""

    title: str
    email: str
    password: str
    role: str
    party: str | None = None


DEMO_PEOPLE = (
    DemoPerson("finance maker", "maker@hub.example", "closes-the-month-26", "maker"),
    DemoPerson("finance checker", "checker@hub.example", "approves-and-issues-26", "checker"),
    DemoPerson("operations", "operations@hub.example", "keeps-it-running-26", "operations"),
    DemoPerson("accountant of a CPO", "accounts@nordlicht.example", "counts-kilowatt-hours-26", "partner-finance", "DE-NLD"),
    DemoPerson("accountant of an eMSP", "accounts@fahrwerk.example", "pays-for-charging-26", "partner-finance", "DE-FWK"),
)
# What the terminal shows: (role, e-mail, password).
DEMO_LOGINS = [(person.title, person.email, person.password) for person in DEMO_PEOPLE]
MAKER, CHECKER = DEMO_PEOPLE[0].email, DEMO_PEOPLE[1].email
