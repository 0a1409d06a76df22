"""A command, or a request about a charging profile, as the operator's version writes it."""

from roaming import canonical
from roaming.protocols.ocpi.article import Article
from roaming.protocols.ocpi.dialect import encode
from roaming.protocols.ocpi.parcels import Letter
from roaming.protocols.ocpi.v2_1_1.commands import NotInThisVersion
from roaming.protocols.ocpi.versions import Dialect


def write_order(
    command: canonical.Command | canonical.ProfileRequest, dialect: Dialect, response_url: str
) -> tuple[str, Letter, Article[canonical.CommandResponse]] | None:
    """This function will return the module, the request and the article of its answer; None where the version has no such order."""
    if isinstance(command, canonical.ProfileRequest):
        if dialect.profiles is None:
            return None
        method, path, query, body = dialect.profiles.write_request(request=command, response_url=response_url)
        letter = Letter(method=method, path=path, query=query, body=None if body is None else encode(body))
        return "chargingprofiles", letter, dialect.profiles.response
    try:
        name, body = dialect.write_command(command=command, response_url=response_url)
    except NotInThisVersion:
        return None
    return "commands", Letter(method="POST", path=(name,), body=encode(body)), dialect.command_response
