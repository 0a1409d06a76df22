"""What everybody may see: what the hub is, who takes part, where one can charge, and whether it works right now.

Only what operators publish for drivers' maps is shown (OCPI `publish`), and only real rows: an empty hub shows empty pages.
"""
