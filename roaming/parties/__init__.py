"""Who is connected, as whom, with which secrets, and who may roam with whom.

A platform is software with one connection; a party is a company named by country code and party id; a party role is that
company in a market role, hosted on a platform. `directory` keeps all of it in process memory for the hot path.
"""
