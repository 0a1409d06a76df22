"""`python -m benchmarks [--only NAME] [--quick] [--json]`: measure, and print one table of ratios."""

import argparse
import sys
from collections.abc import Callable, Mapping, Set
from pathlib import Path

from benchmarks.house import House
from benchmarks.table import Measure, write_json, write_table

NAMES = ("authorize", "known", "writes", "control", "oicp", "fan-out", "pages", "lists", "close", "netting", "csv", "papers")


def main() -> int:
    """This function will run the benchmarks and return 0, or 1 where a bar is missed."""
    parser = argparse.ArgumentParser(prog="benchmarks", description="How fast the hub is, as ratios against baselines of the same run.")
    parser.add_argument("--only", choices=NAMES, action="append", help="measure this only; may be repeated")
    parser.add_argument("--quick", action="store_true", help="smaller sizes and shorter rounds: to see that it works, not to quote")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the table")
    parser.add_argument("--keep-logs", type=Path, metavar="DIRECTORY", help="where to keep the logs of a run that fails")
    options = parser.parse_args()
    wanted = frozenset(options.only or NAMES)
    with House(keep_log=options.keep_logs) as house:
        measures = _measure(house, wanted, quick=options.quick)
    print(write_json(measures) if options.json else write_table(measures))
    return 1 if any(measure.is_met is False for measure in measures) else 0


def _measure(house: House, wanted: Set[str], *, quick: bool) -> list[Measure]:
    import django

    django.setup()
    from django.core.management import call_command

    from benchmarks.attempts import attempt

    call_command("migrate", verbosity=0)
    rounds = 1 if quick else 3
    of_month: list[Measure] = []
    of_traffic: list[Measure] = []
    of_partners: list[Measure] = []
    # The month first: CDRs of the traffic would wait to be cleared, and the close would do that too.
    if wanted & {"close", "netting", "csv", "papers"}:
        count = 20_000 if quick else 1_000_000
        of_month = attempt(f"a month of {count:,} CDRs", lambda: _measure_month(house, wanted, rounds, count), house=house)
    if wanted & {"authorize", "known", "writes", "control", "oicp"}:
        seconds, records = (1.0, 2_000) if quick else (4.0, 10_000)
        of_traffic = attempt("traffic", lambda: _measure_traffic(house, wanted, rounds, seconds, records), house=house)
    if wanted & {"fan-out", "pages"}:
        of_partners = attempt("partners", lambda: _measure_partners(house, wanted, rounds, quick), house=house)
    if "lists" in wanted:
        from benchmarks.lists import measure_lists

        many = 20_000 if quick else 1_000_000
        of_partners += attempt("lists", lambda: measure_lists(rounds=rounds, many=many), house=house)
    return [*of_traffic, *of_partners, *of_month]


def _measure_partners(house: House, wanted: Set[str], rounds: int, quick: bool) -> list[Measure]:
    from benchmarks.ocpi import measure_fan_out, measure_pages, open_stage

    port = open_stage(house=house)
    told: dict[str, Callable[[], list[Measure]]] = {
        "fan-out": lambda: measure_fan_out(house=house, port=port, rounds=rounds, changes=5 if quick else 20),
        "pages": lambda: measure_pages(house=house, port=port, rounds=rounds, requests_per_round=5 if quick else 20),
    }
    return _in_turn(told, wanted, house)


def _measure_traffic(house: House, wanted: Set[str], rounds: int, seconds: float, records: int) -> list[Measure]:
    from benchmarks.authorize import answer_of_provider, measure_authorize, measure_known
    from benchmarks.control import measure_control
    from benchmarks.oicp import measure_oicp
    from benchmarks.partners import connect_partners
    from benchmarks.writes import measure_writes

    provider_port = house.start_provider(answer_of_provider())
    partners = connect_partners(provider_port=provider_port)
    house.start_hub()
    told: dict[str, Callable[[], list[Measure]]] = {
        "authorize": lambda: measure_authorize(house=house, partners=partners, provider_port=provider_port, rounds=rounds, seconds=seconds),
        "known": lambda: measure_known(house=house, partners=partners, rounds=rounds, seconds=seconds),
        # Before the writes, whose CDRs are all of one card and one hour: looking for what overlaps would be all that is measured.
        "control": lambda: measure_control(house=house, partners=partners, rounds=rounds, seconds=seconds),
        "writes": lambda: measure_writes(house=house, partners=partners, rounds=rounds, seconds=seconds),
        "oicp": lambda: measure_oicp(house=house, partners=partners, rounds=rounds, seconds=seconds, records=records),
    }
    measures = _in_turn(told, wanted, house)
    house.stop_hub()
    return measures


def _measure_month(house: House, wanted: Set[str], rounds: int, count: int) -> list[Measure]:
    from benchmarks.close import keep_close, measure_close
    from benchmarks.exports import measure_csv
    from benchmarks.month import fill_month
    from benchmarks.netting import measure_copy, measure_netting, measure_papers

    month = fill_month(count=count, directory=house.root)
    told: dict[str, Callable[[], list[Measure]]] = {
        # Before the netting, which leaves day totals of ten times the month; copies of charges want the period open.
        "close": lambda: measure_close(month=month, rounds=rounds),
        "netting": lambda: measure_netting(month=month, directory=house.root, rounds=rounds) + measure_copy(month=month, rounds=rounds),
        "kept": lambda: [row for row in keep_close(month=month) if "close" in wanted],
        "csv": lambda: measure_csv(month=month, rounds=rounds),
        "papers": lambda: measure_papers(month=month, rounds=rounds),
    }
    return _in_turn(told, wanted | {"kept"}, house)  # the statements of the papers and of the CSV come from it


def _in_turn(told: Mapping[str, Callable[[], list[Measure]]], wanted: Set[str], house: House) -> list[Measure]:
    from benchmarks.attempts import attempt

    return [row for name, measure in told.items() if name in wanted for row in attempt(name, measure, house=house)]


if __name__ == "__main__":
    sys.exit(main())
