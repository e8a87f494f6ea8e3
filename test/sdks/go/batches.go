package main

import (
	"fmt"

	"github.com/aliyun/aliyun-tablestore-go-sdk/tablestore"
)

// Batches: many rows of many tables in one call, each with an outcome of its own.
func runBatches() {
	run("batches: writes of every kind to two tables, and their reads", batchEveryKind)
	run("batches: each row has an error of its own, in its place", batchErrorsInPlace)
	run("batches: a missing table is the error of its rows", batchMissingTable)
	run("batches: atomic in one partition key, refused over two", batchAtomic)
	run("batches: 200 writes are the most", batchLimits)
}

func writeBatch(atomic bool, changes ...tablestore.RowChange) (*tablestore.BatchWriteRowResponse, error) {
	request := &tablestore.BatchWriteRowRequest{IsAtomic: atomic}
	for _, change := range changes {
		request.AddRowChange(change)
	}
	return client.BatchWriteRow(request)
}

func readBatch(tables map[string][]*tablestore.PrimaryKey) *tablestore.BatchGetRowResponse {
	request := &tablestore.BatchGetRowRequest{}
	for table, keys := range tables {
		criteria := &tablestore.MultiRowQueryCriteria{TableName: table, MaxVersion: 1, PrimaryKey: keys}
		request.MultiRowQueryCriteria = append(request.MultiRowQueryCriteria, criteria)
	}
	return got(client.BatchGetRow(request))
}

func outcomes(results []tablestore.RowResult) []string {
	list := []string{}
	for _, result := range results {
		if result.IsSucceed {
			list = append(list, "ok")
		} else {
			list = append(list, result.Error.Code+" "+result.Error.Message)
		}
	}
	return list
}

func batchEveryKind() {
	table("batch_a")
	table("batch_b")
	must(put("batch_a", keyOf("pk", "old"), ignore, "c", 1, "dropped", 1))
	must(put("batch_a", keyOf("pk", "gone"), ignore, "c", 1))
	change := updateChange("batch_a", keyOf("pk", "old"))
	change.PutColumn("d", int64(2))
	change.IncrementColumn("n", 3)
	change.DeleteColumn("dropped")
	drop := &tablestore.DeleteRowChange{TableName: "batch_a", PrimaryKey: keyOf("pk", "gone")}
	drop.SetCondition(ignore)
	told := putChange("batch_b", keyOf("pk", "b"), ignore, "c", 5)
	told.SetReturnPk()
	written := got(writeBatch(false, putChange("batch_a", keyOf("pk", "new"), ignore, "c", 9), told, change, drop))
	expect(outcomes(written.TableToRowsResult["batch_a"]), []string{"ok", "ok", "ok"})
	expect(written.TableToRowsResult["batch_b"][0].PrimaryKey.PrimaryKeys[0].Value, "b")
	read := readBatch(map[string][]*tablestore.PrimaryKey{
		"batch_a": {keyOf("pk", "gone"), keyOf("pk", "old"), keyOf("pk", "new")}, "batch_b": {keyOf("pk", "b")}})
	found := read.TableToRowsResult["batch_a"]
	expect(values(found[0].Columns), map[string]any{})
	expect(values(found[1].Columns), map[string]any{"c": int64(1), "d": int64(2), "n": int64(3)})
	expect(values(found[2].Columns), map[string]any{"c": int64(9)})
	expect(values(read.TableToRowsResult["batch_b"][0].Columns), map[string]any{"c": int64(5)})
}

func batchErrorsInPlace() {
	table("mixed")
	must(put("mixed", keyOf("pk", "there"), ignore, "c", 1))
	failed := "OTSConditionCheckFail Condition check failed."
	written := got(writeBatch(false, putChange("mixed", keyOf("pk", "there"), notExists, "c", 2),
		putChange("mixed", keyOf("pk", "x"), ignore, "c", 1), putChange("mixed", keyOf("pk", "y"), exists, "c", 1)))
	expect(outcomes(written.TableToRowsResult["mixed"]), []string{failed, "ok", failed})
}

func batchMissingTable() {
	table("present")
	key := keyOf("pk", "a")
	written := got(writeBatch(false, putChange("present", key, ignore, "c", 1), putChange("nowhere", key, ignore, "c", 1)))
	expect(outcomes(written.TableToRowsResult["present"]), []string{"ok"})
	expect(outcomes(written.TableToRowsResult["nowhere"]), []string{"OTSObjectNotExist " + missing})
	read := readBatch(map[string][]*tablestore.PrimaryKey{"nowhere": {key}})
	expect(outcomes(read.TableToRowsResult["nowhere"]), []string{"OTSObjectNotExist " + missing})
}

func batchAtomic() {
	must(create(metaOf("atomic", "pk", number, "row", number), nil))
	changes := func(first func(int) int) []tablestore.RowChange {
		list := []tablestore.RowChange{}
		for i := 0; i < 10; i++ {
			list = append(list, putChange("atomic", keyOf("pk", first(i), "row", i), ignore, "c", i))
		}
		return list
	}
	got(writeBatch(true, changes(func(int) int { return 0 })...))
	expect(stored("atomic", keyOf("pk", 0, "row", 9)), map[string]any{"c": int64(9)})
	written := got(writeBatch(true, changes(func(i int) int { return i + 1 })...))
	for _, outcome := range outcomes(written.TableToRowsResult["atomic"]) {
		expect(outcome, "OTSDataOutOfRange Data out of scope of atomic. Atomic PartKey:1. Data PartKey:2")
	}
	expect(stored("atomic", keyOf("pk", 1, "row", 0)), map[string]any{})
}

func batchLimits() {
	table("many")
	changes := []tablestore.RowChange{}
	for i := 0; i < 201; i++ {
		changes = append(changes, putChange("many", keyOf("pk", fmt.Sprint("k", i)), ignore, "n", i))
	}
	expect(len(got(writeBatch(false, changes[:200]...)).TableToRowsResult["many"]), 200)
	_, err := writeBatch(false, changes...)
	refused("OTSParameterInvalid", "Rows count exceeds the upper limit: 200.", err)
}
