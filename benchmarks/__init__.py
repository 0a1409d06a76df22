"""How fast the hub is, as ratios against baselines of the same run: `make bench`, or `python -m benchmarks --only authorize`.

Absolute figures depend on the machine, and here the load generator shares it; a ratio of two medians, taken in turns, does not.
docs/performance.md says what each row measures and holds the table of a real run.
"""
