package main

import (
	"strings"

	"github.com/aliyun/aliyun-tablestore-go-sdk/tablestore"
)

const missing = "Requested table does not exist."

// Tables: create, describe, update, list, delete.
func runTables() {
	run("tables: create with a stream and every option, describe", createAndDescribe)
	run("tables: update options and stream", updateTable)
	run("tables: list, delete, create again under the name", listAndDelete)
	run("tables: the exact errors of a missing one and of one that is there", tableErrors)
	run("tables: no search index and no timeseries table is listed", otherFamilies)
}

func createAndDescribe() {
	meta := metaOf("full", "s", text, "i", number, "b", binary)
	meta.AddDefinedColumn("state", tablestore.DefinedColumn_STRING)
	meta.AddDefinedColumn("level", tablestore.DefinedColumn_DOUBLE)
	must(create(meta, func(request *tablestore.CreateTableRequest) {
		request.TableOption = &tablestore.TableOption{TimeToAlive: 864000, MaxVersion: 3, DeviationCellVersionInSec: 3600}
		request.StreamSpec = &tablestore.StreamSpecification{
			EnableStream: true, ExpirationTime: 24, OriginColumnsToGet: []string{"state", "level"}}
	}))
	described := got(client.DescribeTable(&tablestore.DescribeTableRequest{TableName: "full"}))
	expect(described.TableMeta.TableName, "full")
	expect(described.TableMeta.SchemaEntry, meta.SchemaEntry)
	expect(described.TableMeta.DefinedColumns, meta.DefinedColumns)
	expect([]int{described.TableOption.TimeToAlive, described.TableOption.MaxVersion}, []int{864000, 3})
	expect(described.TableOption.DeviationCellVersionInSec, int64(3600))
	expect(*described.ReservedThroughput, tablestore.ReservedThroughput{})
	expect([]any{described.StreamDetails.EnableStream, described.StreamDetails.ExpirationTime}, []any{true, int32(24)})
	expect(described.StreamDetails.OriginColumnsToGet, []string{"state", "level"})
	expectTrue(described.StreamDetails.StreamId != nil && described.StreamDetails.LastEnableTime > 0, "the stream is described")
}

func updateTable() {
	table("changing")
	updated := got(client.UpdateTable(&tablestore.UpdateTableRequest{
		TableName:   "changing",
		TableOption: &tablestore.TableOption{TimeToAlive: 172800, MaxVersion: 5, DeviationCellVersionInSec: 7200},
	}))
	// The SDK reads these whether or not the reply has them.
	expect([]any{updated.TableOption.MaxVersion, updated.StreamDetails.EnableStream}, []any{5, false})
	switchStream := func(to *tablestore.StreamSpecification) *tablestore.StreamDetails {
		return got(client.UpdateTable(&tablestore.UpdateTableRequest{TableName: "changing", StreamSpec: to})).StreamDetails
	}
	on := &tablestore.StreamSpecification{EnableStream: true, ExpirationTime: 48}
	first := switchStream(on)
	expect([]any{first.EnableStream, first.ExpirationTime}, []any{true, int32(48)})
	switchStream(&tablestore.StreamSpecification{EnableStream: false})
	second := switchStream(on)
	expectTrue(*first.StreamId != *second.StreamId, "another stream id")
}

func listAndDelete() {
	table("listed_b")
	table("listed_a")
	listed := []string{}
	for _, name := range got(client.ListTable()).TableNames {
		if strings.HasPrefix(name, "listed_") {
			listed = append(listed, name)
		}
	}
	expect(listed, []string{"listed_a", "listed_b"})
	got(client.DeleteTable(&tablestore.DeleteTableRequest{TableName: "listed_a"}))
	_, err := client.DescribeTable(&tablestore.DescribeTableRequest{TableName: "listed_a"})
	refused("OTSObjectNotExist", missing, err)
	table("listed_a")
}

func tableErrors() {
	table("there")
	refused("OTSObjectAlreadyExist", "Requested table already exists.", create(metaOf("there", "pk", text), nil))
	_, err := client.DescribeTable(&tablestore.DescribeTableRequest{TableName: "nowhere"})
	refused("OTSObjectNotExist", missing, err)
	// What Terraform recognises a missing table by.
	expectTrue(strings.HasPrefix(err.Error(), "OTSObjectNotExist"), err.Error())
	_, err = client.DeleteTable(&tablestore.DeleteTableRequest{TableName: "nowhere"})
	refused("OTSObjectNotExist", missing, err)
	refused("OTSObjectNotExist", missing, put("nowhere", keyOf("pk", "a"), ignore, "c", 1))
	refused("OTSParameterInvalid", "Invalid table name: '1st'.", create(metaOf("1st", "pk", text), nil))
}

func otherFamilies() {
	table("no_index")
	expect(len(got(client.ListSearchIndex(&tablestore.ListSearchIndexRequest{TableName: "no_index"})).IndexInfo), 0)
	timeseries := tablestore.NewTimeseriesClient(endpoint, instance, keyID, keySecret)
	expect(len(got(timeseries.ListTimeseriesTable()).GetTimeseriesTableNames()), 0)
}
