"""Ranges: both directions, pages, filters, and the iterator over all of them."""

from tablestore import (
    INF_MAX,
    INF_MIN,
    BatchWriteRowRequest,
    CapacityUnit,
    ComparatorType,
    Direction,
    PutRowItem,
    Row,
    SingleColumnCondition,
    TableInBatchWriteRowItem,
)

from harness import IGNORE, case, expect, make_table, refused, values

ROWS = 12_000
FIRST = [("pk", INF_MIN), ("n", INF_MIN)]
LAST = [("pk", INF_MAX), ("n", INF_MAX)]


def row_key(number):
    return [("pk", "p%d" % (number % 3)), ("n", number)]


def in_order():
    return sorted(range(ROWS), key=lambda number: (number % 3, number))


def fill(client):
    """Made once, by whichever case comes first."""
    if "ranged" in client.list_table():
        return
    make_table(client, "ranged", key=(("pk", "STRING"), ("n", "INTEGER")))
    for begin in range(0, ROWS, 200):
        items = [PutRowItem(Row(row_key(n), [("n10", n % 10), ("text", "row %d" % n)]), IGNORE) for n in range(begin, begin + 200)]
        request = BatchWriteRowRequest()
        request.add(TableInBatchWriteRowItem("ranged", items))
        expect(client.batch_write_row(request).is_all_succeed(), True)


def numbers(rows):
    return [row.primary_key[1][1] for row in rows]


@case("ranges: forward, in pages, to the end")
def forward(client):
    fill(client)
    seen, start, pages = [], FIRST, 0
    while start is not None:
        consumed, start, rows, token = client.get_range("ranged", Direction.FORWARD, start, LAST, limit=5000)
        expect((consumed.read > 0, consumed.write, token or None), (True, 0, None))
        seen += numbers(rows)
        pages += 1
    expect(pages, 3)
    expect(seen, in_order())


@case("ranges: a page of its own accord holds 5,000 rows")
def page(client):
    fill(client)
    _, start, rows, _ = client.get_range("ranged", Direction.FORWARD, FIRST, LAST)
    expect(len(rows), 5000)
    expect(start, row_key(in_order()[5000]))


@case("ranges: backward")
def backward(client):
    fill(client)
    _, start, rows, _ = client.get_range("ranged", Direction.BACKWARD, LAST, FIRST, limit=10)
    expect(numbers(rows), in_order()[::-1][:10])
    expect(start, row_key(in_order()[::-1][10]))


@case("ranges: bounds include the first and exclude the last")
def bounds(client):
    fill(client)
    _, start, rows, _ = client.get_range("ranged", Direction.FORWARD, row_key(3), row_key(12))
    expect((numbers(rows), start), ([3, 6, 9], None))


@case("ranges: the iterator reads all pages and counts what they cost")
def iterator(client):
    fill(client)
    consumed = CapacityUnit(0, 0)
    expect(numbers(client.xget_range("ranged", Direction.FORWARD, FIRST, LAST, consumed)), in_order())
    expect(consumed.read > 3, True)
    some = client.xget_range("ranged", Direction.BACKWARD, LAST, FIRST, consumed, count=7000)
    expect(numbers(some), in_order()[::-1][:7000])


@case("ranges: filtered rows and chosen columns")
def filtered(client):
    fill(client)
    only = SingleColumnCondition("n10", 7, ComparatorType.EQUAL)
    rows = client.xget_range("ranged", Direction.FORWARD, FIRST, LAST, CapacityUnit(0, 0), columns_to_get=["n10"], column_filter=only)
    found = list(rows)
    expect(numbers(found), [n for n in in_order() if n % 10 == 7])
    expect(values(found[0]), {"n10": 7})


@case("ranges: nothing in it")
def empty(client):
    fill(client)
    consumed, start, rows, _ = client.get_range("ranged", Direction.FORWARD, [("pk", "q"), ("n", INF_MIN)], LAST)
    expect((start, rows, consumed.read), (None, [], 1))


@case("ranges: bounds the wrong way round, and a limit of 0")
def refusals(client):
    fill(client)
    wrong = "OTSParameterInvalid"
    refused(wrong, "Begin key must less than end key in FORWARD", client.get_range, "ranged", Direction.FORWARD, LAST, FIRST)
    refused(wrong, "Begin key must more than end key in BACKWARD", client.get_range, "ranged", Direction.BACKWARD, FIRST, LAST)
    refused(wrong, "The limit must be greater than 0.", client.get_range, "ranged", Direction.FORWARD, FIRST, LAST, limit=0)
