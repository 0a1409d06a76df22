"""OICP 2.3: the hub as the broker of its partners. Certificates tell who calls; the canonical model is where it meets OCPI."""
