"""One machine, embedded services below VAR_DIR: what `make run` uses. Secrets are made on first start and kept in VAR_DIR."""

import secrets

from hub_settings.base import *  # noqa: F403  (settings are inherited by design)
from hub_settings.base import HUB_PROXY_SECRET, SECRET_KEY, VAR_DIR


def _kept_secret(name: str) -> str:
    """This function will read VAR_DIR/name, or make it once with 256 random bits, readable by the owner only."""
    path = VAR_DIR / name
    if not path.exists():
        VAR_DIR.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(32))
        try:
            path.hardlink_to(draft)  # atomic: of two processes that start together, one wins and both read its secret
        except FileExistsError:
            pass
        draft.unlink()
    return path.read_text().strip()


SECRET_KEY = SECRET_KEY or _kept_secret("secret_key")
HUB_PROXY_SECRET = HUB_PROXY_SECRET or _kept_secret("proxy_secret")
# A demonstration's people are made by scripts too: a password that is given, not chosen, may be as short as one beside a second factor.
PASSWORD_LENGTH_GIVEN = 8
