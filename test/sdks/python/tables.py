"""Tables: create, describe, update, list, delete."""

from tablestore import CapacityUnit, DefinedColumnSchema, ReservedThroughput, TableMeta, TableOptions

from harness import NO_CAPACITY, ask, case, expect, make_table, refused

MISSING = ("OTSObjectNotExist", "Requested table does not exist.")


@case("tables: create and describe with every option")
def create_and_describe(client):
    key = [("device", "STRING"), ("at", "INTEGER"), ("raw", "BINARY")]
    columns = [("state", "STRING"), ("level", "DOUBLE"), ("count", "INTEGER"), ("on", "BOOLEAN"), ("image", "BINARY")]
    options = TableOptions(time_to_live=864000, max_version=3, max_time_deviation=3600, allow_update=True)
    client.create_table(TableMeta("full", key, columns), options, ReservedThroughput(CapacityUnit(0, 0)))
    described = client.describe_table("full")
    expect(described.table_meta.table_name, "full")
    expect(described.table_meta.schema_of_primary_key, key)
    expect(described.table_meta.defined_columns, columns)
    expect(vars(described.table_options), vars(options))
    expect(vars(described.reserved_throughput_details.capacity_unit), {"read": 0, "write": 0})
    expect(described.secondary_indexes, [])


@case("tables: create one that is there")
def create_twice(client):
    make_table(client, "twice")
    refused("OTSObjectAlreadyExist", "Requested table already exists.", make_table, client, "twice")


@case("tables: create cut into partitions")
def create_cut(client):
    client._create_table_ex(TableMeta("cut", [("pk", "INTEGER")]), TableOptions(), NO_CAPACITY, split_points=[10, 20])
    expect(ask(ask="splitPartition", table="cut", key="30"), {"partitions": 4})


@case("tables: update time to live, versions, deviation and allow_update")
def update(client):
    make_table(client, "changing")
    answer = client.update_table("changing", TableOptions(time_to_live=172800, max_version=5, max_time_deviation=7200, allow_update=False))
    changed = {"time_to_live": 172800, "max_version": 5, "max_time_deviation": 7200, "allow_update": False}
    expect(vars(answer.table_options), changed)
    expect(vars(client.describe_table("changing").table_options), changed)


@case("tables: list")
def list_tables(client):
    make_table(client, "listed_b")
    make_table(client, "listed_a")
    names = [name for name in client.list_table() if name.startswith("listed_")]
    expect(names, ["listed_a", "listed_b"])


@case("tables: delete, and create again under the name")
def delete(client):
    make_table(client, "passing")
    client.delete_table("passing")
    refused(*MISSING, client.describe_table, "passing")
    make_table(client, "passing", key=(("other", "INTEGER"),))
    expect(client.describe_table("passing").table_meta.schema_of_primary_key, [("other", "INTEGER")])


@case("tables: the error of a missing one, from every call")
def missing(client):
    refused(*MISSING, client.describe_table, "nowhere")
    refused(*MISSING, client.delete_table, "nowhere")
    refused(*MISSING, client.update_table, "nowhere", TableOptions(max_version=2))
    refused(*MISSING, client.get_row, "nowhere", [("pk", "a")])


@case("tables: limits and their texts")
def limits(client):
    wrong = "OTSParameterInvalid"
    refused(wrong, "Invalid table name: '1st'.", make_table, client, "1st")
    five = [("k%d" % i, "STRING") for i in range(5)]
    refused(wrong, "The number of primary key columns must be in range: [1, 4].", make_table, client, "five", key=five)
    refused(wrong, "The maximum versions cannot be less than or equal to 0.", make_table, client, "none", max_version=0)
    refused(wrong, "TimeToLive cannot be 0 or less than -1.", make_table, client, "short", time_to_live=0)


@case("tables: no search index and no timeseries table is listed")
def other_families(client):
    make_table(client, "no_index")
    expect(client.list_search_index("no_index"), [])
    expect(client.list_timeseries_table(), [])
