"""Readiness: one look at the registry is enough for everybody who goes by its schema."""

import asyncio
from pathlib import Path

import psycopg

from store_uptime.service.backend.databases import Databases
from store_uptime.service.backend.loops import Loops
from store_uptime.service.backend.readiness import NEWER, Readiness
from store_uptime.service.registry.migrations import migrate
from store_uptime.service.registry.registry import Registry
from store_uptime.service.settings import Settings, Timing
from store_uptime.service.workers.pool import Workers
from tests.support.running import in_a_loop

OFTEN = Timing(tick_s=0.05, probe_s=0.05)


def test_a_newer_schema_is_seen_in_one_loop_and_told_to_the_others(database: str, tmp_path: Path) -> None:
    async def watched() -> str:
        settings = Settings(database=database, timing=OFTEN)
        registry, loops = Registry(OFTEN, 1), Loops()
        readiness = Readiness(registry, Databases(settings), Workers(settings, tmp_path), look_s=5)
        await registry.open(database)
        readiness.start(loops, OFTEN)
        async with asyncio.timeout(20):
            while "registry" in readiness.problems():
                await asyncio.sleep(0.02)
            assert not readiness.is_outdated
            add_migration(database)
            while not readiness.is_outdated:
                await asyncio.sleep(0.02)
        await loops.stop()
        await registry.close()
        return readiness.problems()["registry"][0]

    migrate(database)
    assert in_a_loop(watched()) == NEWER


def add_migration(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("insert into store_uptime.migration (number) values (9999)")
