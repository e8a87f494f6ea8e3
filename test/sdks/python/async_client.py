"""The SDK's second client, for asyncio: another HTTP library on the wire."""

import asyncio

from tablestore import INF_MAX, INF_MIN, AsyncOTSClient, CapacityUnit, Direction, OTSServiceError, Row, TableMeta, TableOptions

from harness import ENDPOINT, IGNORE, INSTANCE, KEY_ID, KEY_SECRET, NO_CAPACITY, case, expect, values


@case("asyncio client: 500 writes at once, read back by the iterator")
async def writes_at_once():
    async with AsyncOTSClient(ENDPOINT, KEY_ID, KEY_SECRET, INSTANCE) as client:
        await client.create_table(TableMeta("at_once", [("pk", "INTEGER")]), TableOptions(), NO_CAPACITY)
        await asyncio.gather(*(client.put_row("at_once", Row([("pk", n)], [("c", n)]), IGNORE) for n in range(500)))
        start, end = [("pk", INF_MIN)], [("pk", INF_MAX)]
        rows = [row async for row in client.xget_range("at_once", Direction.FORWARD, start, end, CapacityUnit(0, 0))]
        expect([values(row)["c"] for row in rows], list(range(500)))


@case("asyncio client: a refusal")
async def refusal():
    async with AsyncOTSClient(ENDPOINT, KEY_ID, KEY_SECRET, INSTANCE) as client:
        try:
            await client.describe_table("nowhere")
        except OTSServiceError as error:
            expect((error.code, error.message), ("OTSObjectNotExist", "Requested table does not exist."))
        else:
            raise AssertionError("accepted")
