"""Secondary indexes: made with rows there, read as a table, dropped."""

from tablestore import INF_MAX, INF_MIN, Direction, Row, SecondaryIndexMeta, SecondaryIndexType, TableMeta, TableOptions

from harness import NO_CAPACITY, case, expect, refused


@case("indexes: create one, read it as a table, drop it")
def create_read_drop(client):
    client.create_table(TableMeta("indexed", [("pk", "STRING")], [("town", "STRING"), ("size", "INTEGER")]), TableOptions(), NO_CAPACITY)
    index = SecondaryIndexMeta("by_town", ["town", "pk"], ["size"], SecondaryIndexType.GLOBAL_INDEX)
    client.create_secondary_index("indexed", index, False)
    for pk, town in [("a", "Osaka"), ("b", "Lagos"), ("c", "Osaka")]:
        client.put_row("indexed", Row([("pk", pk)], [("town", town), ("size", 1)]))
    expect([one.index_name for one in client.describe_table("indexed").secondary_indexes], ["by_town"])
    start, end = [("town", INF_MIN), ("pk", INF_MIN)], [("town", INF_MAX), ("pk", INF_MAX)]
    _, _, rows, _ = client.get_range("by_town", Direction.FORWARD, start, end)
    expect([row.primary_key for row in rows], [[("town", "Lagos"), ("pk", "b")], [("town", "Osaka"), ("pk", "a")], [("town", "Osaka"), ("pk", "c")]])
    expect([[cell[:2] for cell in row.attribute_columns] for row in rows], [[("size", 1)]] * 3)
    refused("OTSParameterInvalid", "Can't write index table directly.", client.put_row, "by_town", Row([("town", "x"), ("pk", "y")], []))
    client.delete_secondary_index("indexed", "by_town")
    expect(client.describe_table("indexed").secondary_indexes, [])
