"""The cast of the conformance cases: operators P and Q, providers M (online) and N (offline), all roaming with each other."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from tests.builders.parties import an_agreement
from tests.wire import oicp_partner
from tests.wire.oicp_partner import Partner
from tests.wire.stub_partner import StubPartner, stub_partner


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the tests of real TLS out, by name and in the summary, where no nginx is installed."""
    if shutil.which("nginx") or Path("/usr/sbin/nginx").exists():
        return
    left_out = [item for item in items if item.path.name == "test_mutual_tls.py"]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
        config.issue_config_time_warning(pytest.PytestWarning(f"No nginx: {len(left_out)} tests of real TLS are left out."), stacklevel=2)


@pytest.fixture(autouse=True)
def behind_a_proxy(settings: Settings) -> None:
    """The proxy and the hub share a secret."""
    settings.HUB_PROXY_SECRET = "a-secret-of-the-proxy"
    settings.HUB_ALLOW_PRIVATE_TARGETS = True
    settings.HUB_RATE_LIMITS = False
    settings.AUTHORIZE_DEADLINE_SECONDS = 3.0
    settings.OICP_REMOTE_SECONDS = 4.0


@pytest.fixture
def everyone_roams(db: None) -> None:
    """An agreement of everyone with everyone. The tables are real and committed: partners are asked outside of transactions."""
    an_agreement()


@pytest.fixture
def p_stub() -> Iterator[StubPartner]:
    """P's server."""
    with stub_partner() as stub:
        yield stub


@pytest.fixture
def m_stub() -> Iterator[StubPartner]:
    """M's server."""
    with stub_partner() as stub:
        yield stub


@pytest.fixture
def p(everyone_roams: None, p_stub: StubPartner) -> Partner:
    """The operator DE*ALF."""
    return oicp_partner.operator("DE-ALF", at=p_stub)


@pytest.fixture
def q(everyone_roams: None) -> Partner:
    """The operator DE*GAM."""
    return oicp_partner.operator("DE-GAM")


@pytest.fixture
def m(everyone_roams: None, m_stub: StubPartner) -> Partner:
    """The online provider NL-BET."""
    return oicp_partner.provider("NL-BET", at=m_stub)


@pytest.fixture
def n(everyone_roams: None) -> Partner:
    """The offline provider NL-OFF."""
    return oicp_partner.provider("NL-OFF")
