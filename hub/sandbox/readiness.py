"""Is there a hub? Asked at its public address before anybody plays."""

import asyncio

import aiohttp


class HubNotThere(Exception):
    """No hub answers at the address; the message says what to do."""


async def wait_for_hub(hub_url: str, *, stop: asyncio.Event | None = None, seconds: float = 120) -> None:
    """This function will return once the hub says that it is ready, or when `stop` is set. Raises HubNotThere after `seconds`."""
    reason = ""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as http:
        for _ in range(max(1, round(seconds * 2))):
            try:
                async with http.get(f"{hub_url}/readyz") as answer:
                    if answer.status == 200:
                        return
                    reason = f"HTTP {answer.status}"
            except (aiohttp.ClientError, TimeoutError) as error:
                reason = type(error).__name__
            if stop is not None and stop.is_set():
                return
            await asyncio.sleep(0.5)
    raise HubNotThere(f"No hub is ready at {hub_url} ({reason}). Start it with `make run`, or say where it is with HUB_PUBLIC_URL.")
