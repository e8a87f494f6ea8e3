"""Batches: many rows of many tables in one call, each with an outcome of its own."""

from tablestore import (
    BatchGetRowRequest,
    BatchWriteRowRequest,
    ComparatorType,
    Condition,
    DeleteRowItem,
    PK_AUTO_INCR,
    PutRowItem,
    ReturnType,
    Row,
    SingleColumnCondition,
    TableInBatchGetRowItem,
    TableInBatchWriteRowItem,
    UpdateRowItem,
)

from harness import IGNORE, case, expect, make_table, refused, values


def key(value):
    return [("pk", value)]


def put(value, cells, condition=IGNORE):
    return PutRowItem(Row(key(value), cells), condition)


@case("batches: writes of every kind to two tables, and their reads")
def every_kind(client):
    make_table(client, "batch_a")
    make_table(client, "batch_b", key=(("pk", "STRING"), ("id", "INTEGER", PK_AUTO_INCR)))
    for value in ("old", "gone"):
        client.put_row("batch_a", Row(key(value), [("c", 1)]), IGNORE)
    request = BatchWriteRowRequest()
    update = UpdateRowItem(Row(key("old"), {"PUT": [("d", 2)], "INCREMENT": [("n", 3)]}), Condition("EXPECT_EXIST"))
    request.add(TableInBatchWriteRowItem("batch_a", [put("new", [("c", 9)]), update, DeleteRowItem(Row(key("gone")), IGNORE)]))
    numbered = PutRowItem(Row([("pk", "a"), ("id", PK_AUTO_INCR)], [("c", 1)]), IGNORE, ReturnType.RT_PK)
    request.add(TableInBatchWriteRowItem("batch_b", [numbered]))
    answer = client.batch_write_row(request)
    expect(answer.is_all_succeed(), True)
    told = answer.get_put_by_table("batch_b")[0]
    expect((told.row.primary_key[0], told.row.primary_key[1][1] > 0), (("pk", "a"), True))

    reads = BatchGetRowRequest()
    reads.add(TableInBatchGetRowItem("batch_a", [key("gone"), key("old"), key("new")], max_version=1))
    reads.add(TableInBatchGetRowItem("batch_b", [told.row.primary_key], columns_to_get=["c"], max_version=1))
    found = client.batch_get_row(reads)
    expect(found.is_all_succeed(), True)
    expect([values(item.row) for item in found.get_result_by_table("batch_a")], [None, {"c": 1, "d": 2, "n": 3}, {"c": 9}])
    expect([values(item.row) for item in found.get_result_by_table("batch_b")], [{"c": 1}])


@case("batches: each row has an error of its own, in its place")
def errors_in_place(client):
    make_table(client, "mixed")
    client.put_row("mixed", Row(key("there"), [("c", 1)]), IGNORE)
    rows = [put("there", [("c", 2)], Condition("EXPECT_NOT_EXIST")), put("x", [("c", 1)]), put("y", [("c", 1)], Condition("EXPECT_EXIST"))]
    request = BatchWriteRowRequest()
    request.add(TableInBatchWriteRowItem("mixed", rows))
    answer = client.batch_write_row(request)
    outcomes = [(item.is_ok, item.error_code, item.error_message) for item in answer.get_put_by_table("mixed")]
    failed = (False, "OTSConditionCheckFail", "Condition check failed.")
    expect(outcomes, [failed, (True, None, None), failed])
    expect(values(client.get_row("mixed", key("there"))[1]), {"c": 1})


@case("batches: a filtered read")
def filtered(client):
    make_table(client, "sifted")
    for value in range(4):
        client.put_row("sifted", Row(key(str(value)), [("n", value)]), IGNORE)
    request = BatchGetRowRequest()
    keys = [key(str(value)) for value in range(4)]
    request.add(TableInBatchGetRowItem("sifted", keys, None, SingleColumnCondition("n", 2, ComparatorType.LESS_THAN), 1))
    found = client.batch_get_row(request).get_result_by_table("sifted")
    expect([values(item.row) for item in found], [{"n": 0}, {"n": 1}, None, None])


@case("batches: a missing table is the error of its rows")
def missing_table(client):
    make_table(client, "present")
    request = BatchGetRowRequest()
    request.add(TableInBatchGetRowItem("present", [key("a")], max_version=1))
    request.add(TableInBatchGetRowItem("nowhere", [key("a")], max_version=1))
    found = client.batch_get_row(request)
    item = found.get_result_by_table("nowhere")[0]
    expect((item.is_ok, item.error_code, item.error_message), (False, "OTSObjectNotExist", "Requested table does not exist."))
    expect(found.get_result_by_table("present")[0].is_ok, True)


@case("batches: 200 writes and 100 reads are the most")
def limits(client):
    make_table(client, "many")

    def write(count):
        request = BatchWriteRowRequest()
        request.add(TableInBatchWriteRowItem("many", [put("%04d" % i, [("n", i)]) for i in range(count)]))
        return client.batch_write_row(request)

    def read(count):
        request = BatchGetRowRequest()
        request.add(TableInBatchGetRowItem("many", [key("%04d" % i) for i in range(count)], max_version=1))
        return client.batch_get_row(request)

    expect(write(200).is_all_succeed(), True)
    expect([values(item.row)["n"] for item in read(100).get_result_by_table("many")], list(range(100)))
    refused("OTSParameterInvalid", "Rows count exceeds the upper limit: 200.", write, 201)
    refused("OTSParameterInvalid", "Rows count exceeds the upper limit: 100.", read, 101)
