"""OICP 2.3 as the sandbox's partners speak it: `documents` (messages as JSON), `link` (the client side: a certificate's fingerprint
behind the hub's proxy), `door` (the server side and what it was sent), `lines` (what operators and providers say). The only room of
the sandbox that knows this protocol.
"""
