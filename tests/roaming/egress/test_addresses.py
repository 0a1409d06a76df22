"""The address guard, over both faces: canaries on other loopback addresses must never hear anything (reliability §7, cases 1 to 8)."""

import socket
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from roaming.egress import AddressRefused, Unreachable, check_url
from roaming.egress.addresses import checked, read_url, refuse_bad_address
from tests.roaming.egress.conftest import Send
from tests.roaming.egress.hostile import OK, Peer, peer


@pytest.fixture
def canary() -> Iterator[Peer]:
    with peer(OK, host="127.0.0.2") as listener:
        yield listener
        assert listener.connections == 0


class TestExactHosts:
    def test_another_loopback_address_is_another_host(self, call: Send, canary: Peer) -> None:
        with pytest.raises(AddressRefused):
            call(f"{canary.url}/versions", hosts=["127.0.0.1", f"127.0.0.1:{canary.port}"])

    def test_another_port_of_an_approved_host_is_another_host(self, call: Send) -> None:
        with peer(OK) as server:
            with pytest.raises(AddressRefused):
                call(server.url, hosts=["127.0.0.1", f"127.0.0.1:{server.port + 1}"])
            assert server.connections == 0
            assert call(server.url, hosts=[server.host]).status == 200

    def test_a_host_without_a_port_means_the_default_one(self) -> None:
        for url in ("https://partner.example/x", "https://partner.example:443/x", "https://PARTNER.example/x"):
            assert check_url(url=url, allowed_hosts=["partner.example"]).port == 443
        with pytest.raises(AddressRefused):
            check_url(url="https://partner.example:8443/", allowed_hosts=["partner.example"])
        with pytest.raises(AddressRefused):
            check_url(url="https://partner.example/", allowed_hosts=["partner.example:8443"])

    @pytest.mark.parametrize(
        "url",
        ["https://evil.partner.example/", "https://partner.example.evil.example/", "https://partner.example./", "https://partnerxexample/"],
    )
    def test_a_name_that_only_resembles_an_approved_one_is_refused(self, url: str) -> None:
        with pytest.raises(AddressRefused):
            check_url(url=url, allowed_hosts=["partner.example"])

    def test_one_spelling_of_an_address_is_as_good_as_another(self) -> None:
        assert check_url(url="http://[0:0:0:0:0:0:0:1]:9001/", allowed_hosts=["[::1]:9001"]).port == 9001

    def test_nothing_is_approved_by_default(self, call: Send) -> None:
        with peer(OK) as server:
            with pytest.raises(AddressRefused):
                call(server.url, hosts=[])
            assert server.connections == 0

    def test_a_platform_that_does_not_exist_is_not_called(self, call: Send) -> None:
        with pytest.raises(AddressRefused):
            call("https://partner.example/", platform=2**40)


class TestMisleadingUrls:
    @pytest.mark.parametrize(
        "host",
        [
            "0",
            "2130706434",
            "0x7f.2",
            "0x7f000002",
            "017700000002",
            "127.2",
            "[::ffff:127.0.0.2]",
            "[64:ff9b::7f00:2]",
            "[2002:7f00:2::]",
            "[fec0::1]",
            "[::127.0.0.2]",
        ],
    )
    def test_no_spelling_of_another_address_gets_through(self, call: Send, canary: Peer, host: str) -> None:
        url = f"http://{host}:{canary.port}/"
        with pytest.raises(AddressRefused):
            call(url, hosts=["127.0.0.1", f"127.0.0.1:{canary.port}"])
        # Not even where somebody approved it by mistake.
        with pytest.raises(AddressRefused):
            call(url, hosts=[f"{host}:{canary.port}"])

    @pytest.mark.parametrize(
        "url",
        [
            "http://127.0.0.2:{port}\\@127.0.0.1:{port}/",
            "http://127.0.0.1:{port}\\@127.0.0.2:{port}/",
            "http://user:secret@127.0.0.1:{port}/",
            "http://127.0.0.1:{port}@127.0.0.2:{port}/",
            "http://@127.0.0.1:{port}/",
            "http://127.0.0.1:{port}\t/",
            "http://127.0.0.1:{port}/\r\nX-Injected: 1",
            "http://127.0.0.1 .example:{port}/",
            "http://１２７.0.0.1:{port}/",
            "http://127.0.0.1:{port}/é",
            "http://127.0.0.1:{port}/\x00",
            "//127.0.0.1:{port}/",
            "127.0.0.1:{port}",
            "http:127.0.0.1:{port}",
            "http:///x",
            "http://[::1/",
            "http://127.0.0.1:99999/",
            "http://127.0.0.1:0/",
            "http://127.0.0.1:-1/",
            "file:///etc/passwd",
            "gopher://127.0.0.1:{port}/",
            "http+unix://%2Ftmp%2Fsock/",
            "http://127.0.0.1%00:{port}/",
            "http://[fe80::1%25eth0]:{port}/",
            "",
            "http://127.0.0.1:{port}/" + "a" * 2048,
        ],
    )
    def test_what_two_parsers_might_read_as_two_hosts_is_refused(self, call: Send, canary: Peer, url: str) -> None:
        with pytest.raises(AddressRefused):
            call(url.format(port=canary.port), hosts=["127.0.0.1", f"127.0.0.1:{canary.port}"])

    def test_an_at_sign_in_the_path_or_query_is_harmless(self) -> None:
        assert read_url("https://partner.example/me@home?who=you@there").host == "partner.example"

    def test_a_fragment_is_not_sent(self) -> None:
        assert read_url("https://partner.example/x?a=b#secret").url == "https://partner.example/x?a=b"


class TestResolvedAddresses:
    def test_one_bad_address_among_good_ones_refuses_the_name(
        self, call: Send, canary: Peer, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.script(monkeypatch, ["93.184.215.14", "127.0.0.2"])
        with pytest.raises(AddressRefused):
            call(f"http://partner.example:{canary.port}/", hosts=[f"partner.example:{canary.port}"])
        settings.HUB_ALLOW_PRIVATE_TARGETS = False
        with pytest.raises(AddressRefused):
            call(f"https://partner.example:{canary.port}/", hosts=[f"partner.example:{canary.port}"])

    def test_the_connection_goes_to_the_address_that_was_checked(self, call: Send, canary: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
        # A resolver that answers good first and bad at the second question: it is asked once per connection.
        asked = self.script(monkeypatch, ["127.0.0.1"], ["127.0.0.2"])
        with peer(OK) as server:
            assert call(f"http://partner.example:{server.port}/", hosts=[f"partner.example:{server.port}"]).status == 200
            assert len(server.requests) == 1
            assert f"host: partner.example:{server.port}".encode() in server.requests[0].lower()
        assert asked == ["partner.example"]

    def test_a_name_without_an_address_is_unreachable(self, call: Send) -> None:
        with pytest.raises(Unreachable):
            call("http://no-such-partner.invalid:9/", hosts=["no-such-partner.invalid:9"])

    def script(self, monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
        """The resolver gives these answers, the last one for ever; what it was asked is kept."""
        asked: list[str] = []

        def getaddrinfo(host: str, port: int, **_: object) -> list[object]:
            addresses = answers[min(len(asked), len(answers) - 1)]
            asked.append(host)
            return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port)) for address in addresses]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        return asked


class TestNetworks:
    # fmt: off
    BAD = [
        "0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1", "192.0.0.1",
        "192.0.2.1", "192.168.0.1", "198.18.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::7f00:2", "::ffff:8.8.8.8", "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1",
        "2001:db8::1", "2002:808:808::", "fc00::1", "fd12::1", "fe80::1", "fec0::1", "ff02::1",
    ]
    # fmt: on

    @pytest.mark.parametrize("address", BAD)
    def test_no_inner_or_special_network_is_called(self, address: str, settings: Settings) -> None:
        settings.HUB_ALLOW_PRIVATE_TARGETS = False
        with pytest.raises(AddressRefused):
            checked([address])

    @pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
    def test_public_addresses_are(self, address: str, settings: Settings) -> None:
        settings.HUB_ALLOW_PRIVATE_TARGETS = False
        assert checked([address]) == [address]

    @pytest.mark.parametrize("address", ["169.254.169.254", "0.0.0.0", "224.0.0.1", "64:ff9b::7f00:1", "fe80::1", "127.0.0.2"])
    def test_private_targets_do_not_open_these_to_a_name(self, address: str) -> None:
        with pytest.raises(AddressRefused):
            checked([address])

    @pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.1.2.3", "172.20.0.5", "192.168.1.1", "fd00::5"])
    def test_private_targets_open_these(self, address: str) -> None:
        assert checked([address]) == [address]

    def test_without_private_targets_only_https_is_called(self, settings: Settings) -> None:
        settings.HUB_ALLOW_PRIVATE_TARGETS = False
        with pytest.raises(AddressRefused, match="https"):
            check_url(url="http://partner.example/", allowed_hosts=["partner.example"])
        with pytest.raises(AddressRefused, match="network"):
            check_url(url="https://127.0.0.1/", allowed_hosts=["127.0.0.1"])

    def test_a_zone_does_not_hide_an_address(self) -> None:
        with pytest.raises(AddressRefused):
            checked(["fe80::1%eth0"])
        with pytest.raises(AddressRefused):
            refuse_bad_address(read_url("http://[fe80::1]/").literal or pytest.fail("no literal"), is_name=False)


class TestRealResolver:
    def test_reads_the_machines_own_names(self, call: Send) -> None:
        with peer(OK) as server:
            assert socket.gethostbyname("localhost") == "127.0.0.1"
            assert call(f"http://localhost:{server.port}/", hosts=[f"localhost:{server.port}"]).status == 200
