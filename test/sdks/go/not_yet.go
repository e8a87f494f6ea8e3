package main

import "github.com/aliyun/aliyun-tablestore-go-sdk/tablestore"

// Calls the embedded store does not have yet.
func runNotYet() {
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
