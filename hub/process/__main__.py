"""`python -m hub.process run | stop | check | <process>`: what the Makefile and the containers call."""

import argparse
import os
import signal
import sys
import time

from hub.process.configuration import Configuration, WrongConfiguration
from hub.process.lock import HubLock, list_left_behind, stop_left_behind
from hub.process.probe import answers
from hub.process.processes import DEMO, PREPARATIONS, PROCESSES, run_in_place
from hub.process.spawn import follow_parent
from hub.process.start import start_hub
from hub.process.terminal import Terminal

_STOP_SECONDS = 90.0


def main() -> int:
    """This function will carry out one command and return its exit code."""
    names = [process.name for process in (*PROCESSES, DEMO)] + list(PREPARATIONS)
    parser = argparse.ArgumentParser(prog="python -m hub.process", description="Runs a whole hub, stops it, or is one of its processes.")
    parser.add_argument("command", choices=["run", "stop", "check", *names])
    parser.add_argument("process", nargs="?", choices=["lane", "web"], default="lane", help="what to check")
    parser.add_argument("--with-parent", action="store_true", help="end when the calling process (make) is killed")
    chosen = parser.parse_args()
    try:
        configuration = Configuration.read(environment=os.environ)
    except WrongConfiguration as refusal:
        parser.error(str(refusal))
    if chosen.command == "stop":
        return _stop(configuration, Terminal())
    if chosen.command == "run":
        if chosen.with_parent:
            follow_parent()
        return start_hub(configuration=configuration, terminal=Terminal())
    if chosen.command == "check":
        return 0 if answers(process=chosen.process, path="/livez", configuration=configuration) else 1
    run_in_place(name=chosen.command, configuration=configuration)
    return 1


def _stop(configuration: Configuration, terminal: Terminal) -> int:
    lock = HubLock(var=configuration.var)
    holder = lock.find_holder()
    if holder is None and not list_left_behind(var=configuration.var):
        terminal.say(f"No hub runs in {configuration.var}.")
        return 0
    with terminal.step("Stop the hub"):
        if holder is not None:
            os.kill(holder, signal.SIGTERM)
            give_up_at = time.monotonic() + _STOP_SECONDS
            while lock.find_holder() is not None and time.monotonic() < give_up_at:
                time.sleep(0.1)
        stop_left_behind(var=configuration.var)
    return 0


if __name__ == "__main__":
    sys.exit(main())
