"""Tokens of OCPI 2.3.0: the type is an open enumeration (mod_tokens §TokenType)."""

from functools import partial

from roaming.protocols.ocpi.dialect import required
from roaming.protocols.ocpi.v2_2_1 import tokens as older
from roaming.protocols.ocpi.v2_3_0.locations import TOKEN_TYPE

TOKEN = older.TOKEN.revised(required("type", TOKEN_TYPE))
AUTHORIZATION_INFO = older.authorization_info(TOKEN)

read_token, write_token, read_token_patch = TOKEN.read, TOKEN.write, TOKEN.read_patch
read_authorization, write_authorization = AUTHORIZATION_INFO.read, AUTHORIZATION_INFO.write
read_token_type = partial(older.read_token_type, types=TOKEN_TYPE)
read_authorization_request = partial(older.read_authorization_request, types=TOKEN_TYPE)
