"""OCPI 2.2.1 as the sandbox's partners speak it: `documents` (objects as JSON), `link` (the client side: handshake, calls), `door`
(the server side) with its `shelf` (what a partner was sent), `lines` (what operators and providers say). The only room of the
sandbox that knows this version.
"""
