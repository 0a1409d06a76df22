"""Real mutual TLS: nginx with a throw-away CA in front of the hub, certificates of partners, strangers and the expired (case 7, 8, 9)."""

import datetime as dt
import hashlib
import json
import shutil
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from time import sleep
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from django.utils import timezone

from roaming.parties.certificates import register_oicp_partner
from tests.conformance.oicp.cases import case
from tests.wire import oicp
from tests.wire.oicp_partner import Partner

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
pytestmark = pytest.mark.django_db(transaction=True)

CONFIGURATION = """
daemon off;
pid {room}/nginx.pid;
error_log {room}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {room}/body;
    proxy_temp_path {room}/proxy;
    fastcgi_temp_path {room}/fastcgi;
    uwsgi_temp_path {room}/uwsgi;
    scgi_temp_path {room}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {room}/server.pem;
        ssl_certificate_key {room}/server.key;
        ssl_client_certificate {room}/ca.pem;
        ssl_verify_client on;
        location /api/oicp/ {{
            proxy_pass {upstream};
            proxy_set_header Host localhost;
            proxy_set_header X-Proxy-Secret "{secret}";
            proxy_set_header X-Client-Certificate $ssl_client_escaped_cert;
            proxy_set_header X-Client-Certificate-SHA256 "";
        }}
    }}
}}
"""


@dataclass
class Authority:
    """A CA that lives as long as a test."""

    room: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def issue(self, name: str, *, days: int = 30) -> str:
        """This method will write NAME.pem and NAME.key and return the certificate's SHA-256."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _certificate(name, key, self.certificate.subject, self.key, days=days)
        _write(self.room, name, key, certificate)
        return hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """A new CA."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a throw-away CA")])
    certificate = _certificate("a throw-away CA", key, name, key, is_ca=True)
    _write(tmp_path, "ca", key, certificate)
    made = Authority(room=tmp_path, key=key, certificate=certificate)
    made.issue("server")
    return made


@pytest.fixture
def proxy(authority: Authority, live_server: Any, settings: Any) -> Iterator[str]:
    """nginx in front of the hub, as docs/connecting/oicp.md describes it."""
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    text = CONFIGURATION.format(room=authority.room, port=port, upstream=live_server.url, secret=settings.HUB_PROXY_SECRET)
    (authority.room / "nginx.conf").write_text(text)
    process = subprocess.Popen(
        [NGINX, "-p", str(authority.room), "-e", str(authority.room / "error.log"), "-c", str(authority.room / "nginx.conf")]
    )
    try:
        while not _listens(port):
            assert process.poll() is None, (authority.room / "error.log").read_text()
            sleep(0.05)
        yield f"https://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def call(proxy: str, room: Path, name: str | None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    """AuthorizeStart of DE*ALF through the proxy with that certificate."""
    context = ssl.create_default_context(cafile=str(room / "ca.pem"))
    context.check_hostname = False
    if name is not None:
        context.load_cert_chain(room / f"{name}.pem", room / f"{name}.key")
    request = urllib.request.Request(  # noqa: S310  (https, to our own proxy)
        f"{proxy}/api/oicp/charging/v21/operators/DE*ALF/authorize/start",
        data=oicp.as_bytes(oicp.authorize_start()),
        headers={"Content-Type": "application/json", **(headers or {})},
    )
    try:
        with urllib.request.urlopen(request, context=context) as answer:  # noqa: S310
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as refusal:
        content = refusal.read()
        return refusal.code, json.loads(content) if content.startswith(b"{") else content.decode()


@case(7, 8, 9)
def test_partners_strangers_and_liars(p: Partner, n: Partner, authority: Authority, proxy: str) -> None:
    for name in ("alfa", "alfa-renewed"):
        register_oicp_partner(platform=p.platform, sha256=authority.issue(name), urls={}, at=timezone.now())
    authority.issue("stranger")
    for name in ("alfa", "alfa-renewed"):
        http, body = call(proxy, authority.room, name)
        assert (http, body["AuthorizationStatus"], body["StatusCode"]["Code"]) == (200, "NotAuthorized", "102")
    # Signed by our CA, and no partner's: the hub says 017. Without a certificate the proxy itself refuses, in HTML.
    http, body = call(proxy, authority.room, "stranger")
    assert (http, body["StatusCode"]["Code"]) == (401, "017")
    lie = {"X-Client-Certificate-SHA256": p.fingerprint, "X-Proxy-Secret": "guessed"}
    assert call(proxy, authority.room, "stranger", lie)[0] == 401
    http, page = call(proxy, authority.room, None)
    assert (http, "SSL certificate" in page) == (400, True)


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    signer: ec.EllipticCurvePrivateKey,
    *,
    days: int = 30,
    is_ca: bool = False,
) -> x509.Certificate:
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
    )
    if not is_ca:
        usages = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    return builder.sign(signer, hashes.SHA256())


def _write(room: Path, name: str, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
    (room / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (room / f"{name}.key").write_bytes(secret)


def _listens(port: int) -> bool:
    with socket() as attempt:
        return attempt.connect_ex(("127.0.0.1", port)) == 0
