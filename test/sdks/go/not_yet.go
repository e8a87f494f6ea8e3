package main

import "github.com/aliyun/aliyun-tablestore-go-sdk/tablestore"

// Calls the embedded store does not have yet.
func runNotYet() {
	id := "id"
	notYet("StartLocalTransaction", func() error {
		_, err := client.StartLocalTransaction(&tablestore.StartLocalTransactionRequest{TableName: "t", PrimaryKey: keyOf("pk", "a")})
		return err
	})
	notYet("CommitTransaction", func() error {
		_, err := client.CommitTransaction(&tablestore.CommitTransactionRequest{TransactionId: &id})
		return err
	})
	notYet("AbortTransaction", func() error {
		_, err := client.AbortTransaction(&tablestore.AbortTransactionRequest{TransactionId: &id})
		return err
	})
	notYet("AddDefinedColumn", func() error {
		_, err := client.AddDefinedColumn(&tablestore.AddDefinedColumnRequest{TableName: "t"})
		return err
	})
	notYet("DeleteDefinedColumn", func() error {
		_, err := client.DeleteDefinedColumn(&tablestore.DeleteDefinedColumnRequest{TableName: "t"})
		return err
	})
	notYet("DescribeSearchIndex", func() error {
		_, err := client.DescribeSearchIndex(&tablestore.DescribeSearchIndexRequest{TableName: "t", IndexName: "i"})
		return err
	})
	notYet("DeleteSearchIndex", func() error {
		_, err := client.DeleteSearchIndex(&tablestore.DeleteSearchIndexRequest{TableName: "t", IndexName: "i"})
		return err
	})
	notYet("ComputeSplits", func() error {
		request := (&tablestore.ComputeSplitsRequest{}).SetTableName("t")
		request.SetSearchIndexSplitsOptions(tablestore.SearchIndexSplitsOptions{IndexName: "i"})
		_, err := client.ComputeSplits(request)
		return err
	})
	notYet("SQLQuery", func() error {
		_, err := client.SQLQuery(&tablestore.SQLQueryRequest{Query: "select 1"})
		return err
	})
	notYet("ListDeliveryTask", func() error {
		_, err := client.ListDeliveryTask(&tablestore.ListDeliveryTaskRequest{TableName: "t"})
		return err
	})
}
