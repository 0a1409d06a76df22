"""`python -m benchmarks [--only NAME] [--quick] [--json]`: measure, and print one table of ratios."""

import argparse
import sys
from collections.abc import Callable
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
    wanted = tuple(options.only or NAMES)
    with House(keep_log=options.keep_logs) as house:
        measures = _measure(house, wanted, quick=options.quick)
    print(write_json(measures) if options.json else write_table(measures))
    return 1 if any(measure.is_met is False for measure in measures) else 0


def _measure(house: House, wanted: tuple[str, ...], *, quick: bool) -> list[Measure]:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    of_month: list[Measure] = []
    of_traffic: list[Measure] = []
    # The month first: CDRs of the traffic would wait to be cleared, and the close would do that too.
    if {"close", "netting", "csv", "papers"} & set(wanted):
        of_month = _measure_month(house, wanted, rounds=1 if quick else 3, count=20_000 if quick else 1_000_000)
    if {"authorize", "known", "writes", "control", "oicp"} & set(wanted):
        size = {"seconds": 1.0, "records": 2_000} if quick else {"seconds": 4.0, "records": 10_000}
        of_traffic = _measure_traffic(house, wanted, rounds=1 if quick else 3, seconds=size["seconds"], records=int(size["records"]))
    of_partners = _measure_partners(house, wanted, quick=quick)
    if "lists" in wanted:
        from benchmarks.lists import measure_lists

        _say("lists …")
        of_partners += measure_lists(rounds=1 if quick else 3, many=20_000 if quick else 1_000_000)
    return [*of_traffic, *of_partners, *of_month]


def _measure_partners(house: House, wanted: tuple[str, ...], *, quick: bool) -> list[Measure]:
    from benchmarks.ocpi import measure_fan_out, measure_pages, open_stage

    if not {"fan-out", "pages"} & set(wanted):
        return []
    port = open_stage(house=house)
    measures: list[Measure] = []
    if "fan-out" in wanted:
        _say("fan-out …")
        measures += measure_fan_out(house=house, port=port, rounds=1 if quick else 3, changes=5 if quick else 20)
    if "pages" in wanted:
        _say("pages …")
        measures += measure_pages(house=house, port=port, rounds=1 if quick else 3, requests_per_round=5 if quick else 20)
    return measures


def _measure_traffic(house: House, wanted: tuple[str, ...], *, rounds: int, seconds: float, records: int) -> list[Measure]:
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
    measures: list[Measure] = []
    for name, measure in told.items():
        if name in wanted:
            _say(f"{name} …")
            measures += measure()
    house.stop_hub()
    return measures


def _measure_month(house: House, wanted: tuple[str, ...], *, rounds: int, count: int) -> list[Measure]:
    from benchmarks.close import measure_close
    from benchmarks.exports import measure_csv
    from benchmarks.month import fill_month
    from benchmarks.netting import measure_copy, measure_netting, measure_papers

    _say(f"a month of {count:,} CDRs …")
    month = fill_month(count=count, directory=house.root)
    of_netting: list[Measure] = []
    if "netting" in wanted:
        _say("netting …")
        of_netting = measure_netting(month=month, rounds=rounds) + measure_copy(month=month, rounds=rounds)
    _say("close …")
    measures = measure_close(month=month, rounds=rounds)  # the statement of the CSV comes from it
    if "csv" in wanted:
        _say("csv …")
        measures += measure_csv(month=month, rounds=rounds)
    if "papers" in wanted:
        _say("papers …")
        measures += measure_papers(month=month, rounds=rounds)
    return of_netting + (measures if "close" in wanted else measures[2:])


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
