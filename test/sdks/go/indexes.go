package main

import "github.com/aliyun/aliyun-tablestore-go-sdk/tablestore"

// Secondary indexes: made, read as a table, dropped.
func runIndexes() {
	run("indexes: create one, read it as a table, drop it", createReadDropIndex)
}

func createReadDropIndex() {
	meta := metaOf("indexed", "pk", text)
	meta.AddDefinedColumn("town", tablestore.DefinedColumn_STRING)
	must(create(meta, nil))
	index := &tablestore.IndexMeta{IndexName: "by_town", IndexType: tablestore.IT_GLOBAL_INDEX}
	index.AddPrimaryKeyColumn("town")
	index.AddPrimaryKeyColumn("pk")
	got(client.CreateIndex(&tablestore.CreateIndexRequest{MainTableName: "indexed", IndexMeta: index}))
	for _, row := range [][]string{{"a", "Osaka"}, {"b", "Lagos"}, {"c", "Osaka"}} {
		must(put("indexed", keyOf("pk", row[0]), ignore, "town", row[1]))
	}
	described := got(client.DescribeTable(&tablestore.DescribeTableRequest{TableName: "indexed"}))
	expect(described.IndexMetas[0].IndexName, "by_town")
	start, end := &tablestore.PrimaryKey{}, &tablestore.PrimaryKey{}
	for _, name := range []string{"town", "pk"} {
		start.AddPrimaryKeyColumnWithMinValue(name)
		end.AddPrimaryKeyColumnWithMaxValue(name)
	}
	page := got(client.GetRange(&tablestore.GetRangeRequest{RangeRowQueryCriteria: &tablestore.RangeRowQueryCriteria{
		TableName: "by_town", StartPrimaryKey: start, EndPrimaryKey: end, Direction: tablestore.FORWARD, MaxVersion: 1}}))
	found := []any{}
	for _, row := range page.Rows {
		found = append(found, row.PrimaryKey.PrimaryKeys[1].Value)
	}
	expect(found, []any{"b", "a", "c"})
	got(client.DeleteIndex(&tablestore.DeleteIndexRequest{MainTableName: "indexed", IndexName: "by_town"}))
	gone := got(client.DescribeTable(&tablestore.DescribeTableRequest{TableName: "indexed"}))
	expect(len(gone.IndexMetas), 0)
}
