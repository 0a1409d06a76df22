"""What the operator's variables mean."""

import json
import stat
from pathlib import Path

import pytest

from hub.process.configuration import Configuration, WrongConfiguration, keep_environment


def test_an_empty_variable_counts_as_unset() -> None:
    configuration = Configuration.read(environment={"PORT": "", "HOST": "", "VAR_DIR": "", "DATABASE_URL": "", "DEMO": ""})
    assert (configuration.port, configuration.host, configuration.var.name) == (8000, "127.0.0.1", "var")
    assert configuration.database_url is None
    assert configuration.demo


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1", "80 80"])
def test_a_port_that_is_none_is_refused_by_name(port: str) -> None:
    with pytest.raises(WrongConfiguration, match="PORT"):
        Configuration.read(environment={"PORT": port})


@pytest.mark.parametrize(
    ("host", "address"),
    [("0.0.0.0", "http://127.0.0.1:8000"), ("127.0.0.1", "http://127.0.0.1:8000"), ("::1", "http://[::1]:8000")],
)
def test_a_hub_on_every_address_is_reached_on_loopback(host: str, address: str) -> None:
    assert Configuration.read(environment={"HOST": host}).local_url == address


def test_what_a_hub_was_started_with_is_kept_for_its_owner_only(tmp_path: Path) -> None:
    configuration = Configuration.read(environment={"VAR_DIR": str(tmp_path)})
    keep_environment(configuration=configuration, environment={"PORT": "8001", "SECRET_KEY": "not kept", "HUB_PUBLIC_URL": ""})
    kept = tmp_path / "environment.json"
    assert json.loads(kept.read_text()) == {"PORT": "8001"}
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [kept]
