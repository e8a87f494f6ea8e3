"""Single rows: put, get, update, delete with every option the SDK has."""

import time

from tablestore import (
    INF_MAX,
    INF_MIN,
    PK_AUTO_INCR,
    CastType,
    ComparatorType,
    CompositeColumnCondition,
    Condition,
    LogicalOperator,
    RegexRule,
    ReturnType,
    Row,
    RowExistenceExpectation,
    SingleColumnCondition,
    SingleColumnRegexCondition,
)

from harness import IGNORE, case, expect, make_table, refused, values

FAILED = ("OTSConditionCheckFail", "Condition check failed.")
WRONG = "OTSParameterInvalid"


@case("rows: every type of key and value comes back as it went")
def types(client):
    make_table(client, "types", key=(("s", "STRING"), ("i", "INTEGER"), ("b", "BINARY")))
    key = [("s", "schlüssel 表"), ("i", -(2**63)), ("b", bytearray(b"\x00\xff"))]
    cells = [
        ("binary", bytearray(range(256))),
        ("double", 3.25),
        ("empty", ""),
        ("false", False),
        ("largest", 2**63 - 1),
        ("text", "grüße 表格存储 \U0001f600"),
        ("true", True),
    ]
    consumed, returned = client.put_row("types", Row(key, cells), IGNORE)
    expect((consumed.read, consumed.write, returned), (0, 1, None))
    consumed, row, token = client.get_row("types", key)
    expect((consumed.read, consumed.write, token or None), (1, 0, None))
    expect(row.primary_key, key)
    expect(values(row), dict(cells))
    expect([name for name, _, _ in row.attribute_columns], sorted(dict(cells), key=lambda name: name.encode()))


@case("rows: one that is not there")
def absent(client):
    make_table(client, "absent")
    consumed, row, _ = client.get_row("absent", [("pk", "a")])
    expect((consumed.read, consumed.write, row), (1, 0, None))


@case("rows: existence conditions")
def existence(client):
    make_table(client, "existence")
    row = Row([("pk", "a")], [("c", 1)])
    refused(*FAILED, client.put_row, "existence", row, Condition("EXPECT_EXIST"))
    client.put_row("existence", row, Condition("EXPECT_NOT_EXIST"))
    refused(*FAILED, client.put_row, "existence", row, Condition("EXPECT_NOT_EXIST"))
    client.update_row("existence", Row([("pk", "a")], {"PUT": [("c", 2)]}), Condition("EXPECT_EXIST"))
    client.delete_row("existence", Row([("pk", "a")]), Condition("EXPECT_EXIST"))
    refused(*FAILED, client.delete_row, "existence", Row([("pk", "a")]), Condition("EXPECT_EXIST"))
    client.delete_row("existence", Row([("pk", "a")]), IGNORE)


@case("rows: conditions on columns, single, composite, missing")
def column_conditions(client):
    make_table(client, "conditions")
    key = [("pk", "a")]
    client.put_row("conditions", Row(key, [("n", 5), ("s", "x")]), IGNORE)

    def put_if(condition):
        return client.put_row("conditions", Row(key, [("n", 5), ("s", "x")]), Condition(RowExistenceExpectation.EXPECT_EXIST, condition))

    consumed, _ = put_if(SingleColumnCondition("n", 5, ComparatorType.EQUAL))
    expect((consumed.read, consumed.write), (1, 1))
    refused(*FAILED, put_if, SingleColumnCondition("n", 5, ComparatorType.NOT_EQUAL))
    put_if(SingleColumnCondition("n", 4, ComparatorType.GREATER_THAN))
    put_if(SingleColumnCondition("n", 5, ComparatorType.GREATER_EQUAL))
    refused(*FAILED, put_if, SingleColumnCondition("n", 5, ComparatorType.LESS_THAN))
    put_if(SingleColumnCondition("n", 5, ComparatorType.LESS_EQUAL))
    put_if(SingleColumnCondition("gone", 1, ComparatorType.EQUAL, pass_if_missing=True))
    refused(*FAILED, put_if, SingleColumnCondition("gone", 1, ComparatorType.EQUAL, pass_if_missing=False))
    both = CompositeColumnCondition(LogicalOperator.AND)
    both.add_sub_condition(SingleColumnCondition("n", 5, ComparatorType.EQUAL))
    both.add_sub_condition(SingleColumnCondition("s", "x", ComparatorType.EQUAL))
    put_if(both)
    neither = CompositeColumnCondition(LogicalOperator.NOT)
    neither.add_sub_condition(both)
    refused(*FAILED, put_if, neither)
    either = CompositeColumnCondition(LogicalOperator.OR)
    either.add_sub_condition(neither)
    either.add_sub_condition(SingleColumnCondition("s", "y", ComparatorType.NOT_EQUAL))
    put_if(either)


@case("rows: columns to get, first and last column")
def columns(client):
    make_table(client, "columns")
    key = [("pk", "a")]
    client.put_row("columns", Row(key, [(name, name) for name in "abcdef"]), IGNORE)

    def got(**options):
        return list(values(client.get_row("columns", key, **options)[1]) or {})

    expect(got(columns_to_get=["b", "e", "b", "none"]), ["b", "e"])
    expect(got(start_column="b", end_column="e"), ["b", "c", "d"])
    expect(client.get_row("columns", key, columns_to_get=["none"])[1], None)


@case("rows: filters, also by regular expression and without the column")
def filters(client):
    make_table(client, "filters")
    key = [("pk", "a")]
    client.put_row("filters", Row(key, [("n", 7), ("s", "t1:{name:zs,age:23}")]), IGNORE)

    def got(column_filter):
        return client.get_row("filters", key, column_filter=column_filter)[1] is not None

    expect(got(SingleColumnCondition("n", 7, ComparatorType.EQUAL)), True)
    expect(got(SingleColumnCondition("n", 8, ComparatorType.EQUAL)), False)
    expect(got(SingleColumnCondition("none", 8, ComparatorType.EQUAL, pass_if_missing=True)), True)
    expect(got(SingleColumnCondition("none", 8, ComparatorType.EQUAL, pass_if_missing=False)), False)
    age = RegexRule("age:([0-9]+)", CastType.VT_INTEGER)
    expect(got(SingleColumnRegexCondition("s", ComparatorType.GREATER_THAN, 22, age)), True)
    expect(got(SingleColumnRegexCondition("s", ComparatorType.GREATER_THAN, 23, age)), False)
    name = RegexRule("name:([a-z]+)", CastType.VT_STRING)
    expect(got(SingleColumnRegexCondition("s", ComparatorType.EQUAL, "zs", name)), True)


@case("rows: versions, newest first, by range and by the one")
def versions(client):
    make_table(client, "versions", max_version=3)
    key = [("pk", "a")]
    now = int(time.time() * 1000)
    for age in (4, 3, 2, 1):
        client.update_row("versions", Row(key, {"PUT": [("c", age, now - age)]}), IGNORE)

    def got(**options):
        row = client.get_row("versions", key, **options)[1]
        return [] if row is None else [(value, now - at) for _, value, at in row.attribute_columns]

    expect(got(max_version=9), [(1, 1), (2, 2), (3, 3)])
    expect(got(max_version=1), [(1, 1)])
    expect(got(max_version=None, time_range=(now - 3, now - 1)), [(2, 2), (3, 3)])
    expect(got(max_version=None, time_range=now - 2), [(2, 2)])
    client.update_row("versions", Row(key, {"DELETE": [("c", None, now - 2)]}), IGNORE)
    expect(got(max_version=9), [(1, 1), (3, 3)])
    client.update_row("versions", Row(key, {"DELETE_ALL": ["c"]}), IGNORE)
    expect(got(max_version=9), [])


@case("rows: a read without a version condition")
def no_version_condition(client):
    make_table(client, "unconditional")
    text = "No version condition is specified while querying row."
    refused(WRONG, text, client.get_row, "unconditional", [("pk", "a")], max_version=None)


@case("rows: atomic increments")
def increments(client):
    make_table(client, "increments")
    key = [("pk", "a")]
    for step in (1, 41, -2):
        client.update_row("increments", Row(key, {"INCREMENT": [("n", step)]}), IGNORE)
    expect(values(client.get_row("increments", key)[1]), {"n": 40})


@case("rows: an auto-increment key is chosen by the server and told")
def auto_increment(client):
    make_table(client, "numbered", key=(("pk", "STRING"), ("id", "INTEGER", PK_AUTO_INCR)))
    given = []
    for value in range(3):
        row = Row([("pk", "a"), ("id", PK_AUTO_INCR)], [("value", value)])
        _, returned = client.put_row("numbered", row, IGNORE, ReturnType.RT_PK)
        expect(returned.attribute_columns, [])
        given.append(returned.primary_key[1][1])
    expect(given, sorted(set(given)))
    expect(given[0] > 0, True)
    expect(values(client.get_row("numbered", [("pk", "a"), ("id", given[1])])[1]), {"value": 1})


@case("rows: an update that may not be")
def update_forbidden(client):
    make_table(client, "frozen", allow_update=False)
    client.put_row("frozen", Row([("pk", "a")], [("c", 1)]), IGNORE)
    try:
        client.update_row("frozen", Row([("pk", "a")], {"PUT": [("c", 2)]}), IGNORE)
    except Exception as error:
        expect(error.code, WRONG)
    else:
        raise AssertionError("accepted")


@case("rows: keys that do not fit the table")
def wrong_keys(client):
    make_table(client, "keyed", key=(("pk", "INTEGER"),))
    bad = "OTSInvalidPK"
    refused(bad, "Validate PK name fail. Input: PK2, Meta: pk.", client.get_row, "keyed", [("PK2", 1)])
    refused(bad, "Validate PK type fail. Input: VT_STRING, Meta: VT_INTEGER.", client.get_row, "keyed", [("pk", "a")])
    refused(bad, "Validate PK size fail. Input: 2, Meta: 1.", client.get_row, "keyed", [("pk", 1), ("q", 1)])
    refused(WRONG, "VT_INF_MIN is an invalid type for the primary key.", client.get_row, "keyed", [("pk", INF_MIN)])
    refused(WRONG, "VT_INF_MAX is an invalid type for the primary key.", client.delete_row, "keyed", Row([("pk", INF_MAX)]), IGNORE)


@case("rows: limits and their texts")
def limits(client):
    make_table(client, "limits")
    key = [("pk", "a")]
    text = "The length of attribute column: 'c' exceeds the MaxLength:2097152 with CurrentLength:2097153."
    refused(WRONG, text, client.put_row, "limits", Row(key, [("c", "x" * 2097153)]), IGNORE)
    text = "The length of primary key column: 'pk' exceeds the MaxLength:1024 with CurrentLength:1025."
    refused(WRONG, text, client.put_row, "limits", Row([("pk", "k" * 1025)], [("c", 1)]), IGNORE)
    text = "The number of attribute columns exceeds the limit, limit count: 1024, column count: 1025."
    refused(WRONG, text, client.put_row, "limits", Row(key, [("c%d" % i, i) for i in range(1025)]), IGNORE)
    client.put_row("limits", Row(key, [("c", "x" * 2097152)]), IGNORE)
    expect(len(values(client.get_row("limits", key)[1])["c"]), 2097152)
