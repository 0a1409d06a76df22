"""OCPI 2.1.1: no routing, no owner in its objects, other names and fewer of them. What it cannot say is in `losses`, never silent."""

NUMBER = "2.1.1"
