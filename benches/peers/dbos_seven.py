"""DBOS for Python: the seven steps of `benches/engine.rs`, a millisecond of sleep each, many runs at
once and one at a time. The last line of stdout is JSON.

    python dbos_seven.py DATABASE_URL RUNS AT_ONCE ALONE
"""

import asyncio
import json
import sys
import time
from importlib.metadata import version

from dbos import DBOS

STEPS = 7


@DBOS.step()
async def tick(n):
    await asyncio.sleep(0.001)
    return n + 1


@DBOS.workflow()
async def seven(n):
    for _ in range(STEPS):
        n = await tick(n)
    return n


async def timed(at_once, runs):
    """Milliseconds of each run, sorted; and runs per second."""
    places = asyncio.Semaphore(at_once)

    async def one():
        async with places:
            began = time.perf_counter()
            output = await seven(0)
            if output != STEPS:
                raise ValueError(f"an odd output: {output}")
            return (time.perf_counter() - began) * 1000

    began = time.perf_counter()
    latencies = await asyncio.gather(*[one() for _ in range(runs)])
    return sorted(latencies), runs / (time.perf_counter() - began)


def percentile(latencies, percent):
    return latencies[(len(latencies) - 1) * percent // 100]


async def measured(runs, at_once, alone):
    await timed(min(at_once, 8), at_once)
    many, rate = await timed(at_once, runs)
    one, _ = await timed(1, alone)
    return {
        "version": version("dbos"),
        "runs": runs,
        "at_once": at_once,
        "runs_per_s": rate,
        "p50_ms": percentile(many, 50),
        "p99_ms": percentile(many, 99),
        "alone": alone,
        "alone_p50_ms": percentile(one, 50),
        "alone_p99_ms": percentile(one, 99),
    }


def main(url, runs, at_once, alone):
    DBOS(
        config={
            "name": "seven",
            "system_database_url": url,
            "sys_db_pool_size": max(20, at_once),
            "log_level": "ERROR",
        }
    )
    DBOS.launch()
    try:
        print(json.dumps(asyncio.run(measured(runs, at_once, alone))), flush=True)
    finally:
        DBOS.destroy()


if __name__ == "__main__":
    main(sys.argv[1], *(int(number) for number in sys.argv[2:5]))
