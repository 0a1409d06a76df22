"""What is taken out of a body and a path before they are kept: secrets, card numbers, contracts, bank accounts.

Masking works on text and not on parsed JSON: an answer that is cut off or no JSON at all may hold the same secrets.
"""

import re

LONGEST_BODY = 16 * 1024
MASK = "***"

_SECRET_FIELDS = ("authorization", "token", "uid", "contract_id", "visual_number", "iban", "evcoid", "hashedpin", "pin")
_FIELD = re.compile(rf'("(?:{"|".join(_SECRET_FIELDS)})"\s*:\s*)(?:"(?:[^"\\]|\\.)*"?|[-+0-9.eE]+)', re.IGNORECASE)
# A token's uid stands in the path too: tokens/{country}/{party}/{uid} on the Receiver, tokens/{uid}/authorize on the Sender side.
_TOKEN_PATHS = (
    (re.compile(r"(/tokens/[A-Za-z]{2}/[A-Za-z0-9]{3}/)[^/?#]+", re.IGNORECASE), rf"\1{MASK}"),
    (re.compile(r"(/tokens/)[^/?#]+(/authorize)", re.IGNORECASE), rf"\1{MASK}\2"),
)
_SECRET_QUERY = re.compile(rf"([?&](?:{'|'.join(_SECRET_FIELDS)})=)[^&#]*", re.IGNORECASE)


def mask_body(body: bytes | None) -> str:
    """This function will return the beginning of a body as text a database can hold, without what may not be kept."""
    if not body:
        return ""
    # Masked before it is cut: a secret that the cut would split is still recognised, also where its closing quote is missing.
    text = body[: 2 * LONGEST_BODY].decode("utf-8", "replace").replace("\x00", "\ufffd")
    return _FIELD.sub(rf'\1"{MASK}"', text)[:LONGEST_BODY]


def mask_path(path: str) -> str:
    """This function will return a path with its query, without a token's uid."""
    text = path.encode("utf-8", "replace").decode("utf-8", "replace").replace("\x00", "\ufffd")
    for pattern, replacement in _TOKEN_PATHS:
        text = pattern.sub(replacement, text)
    return _SECRET_QUERY.sub(rf"\1{MASK}", text)
