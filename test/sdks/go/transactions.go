package main

import "github.com/aliyun/aliyun-tablestore-go-sdk/tablestore"

// Local transactions: begun, used, committed, aborted, and what they keep others from.
func runTransactions() {
	run("transactions: own writes are seen within, and by others after the commit", committedTransaction)
	run("transactions: aborted without effect", abortedTransaction)
	run("transactions: a locked key conflicts with other writers and transactions", lockedKey)
}

const conflictText = "Data is being modified by the other request."

func transactional(name string) {
	must(create(metaOf(name, "pk", text), func(request *tablestore.CreateTableRequest) {
		enabled := true
		request.EnableLocalTxn = &enabled
	}))
}

func start(table, key string) (*string, error) {
	response, err := client.StartLocalTransaction(&tablestore.StartLocalTransactionRequest{TableName: table, PrimaryKey: keyOf("pk", key)})
	if err != nil {
		return nil, err
	}
	return response.TransactionId, nil
}

func putWithin(id *string, table, key string, cells ...any) error {
	change := putChange(table, keyOf("pk", key), ignore, cells...)
	change.TransactionId = id
	_, err := client.PutRow(&tablestore.PutRowRequest{PutRowChange: change})
	return err
}

func storedWithin(id *string, table, key string) map[string]any {
	return values(got(get(table, keyOf("pk", key), func(criteria *tablestore.SingleRowQueryCriteria) { criteria.TransactionId = id })).Columns)
}

func committedTransaction() {
	transactional("txn_commit")
	must(put("txn_commit", keyOf("pk", "a"), ignore, "c", "old"))
	id := got(start("txn_commit", "a"))
	must(putWithin(id, "txn_commit", "a", "c", "new"))
	expect(storedWithin(id, "txn_commit", "a"), map[string]any{"c": "new"})
	expect(stored("txn_commit", keyOf("pk", "a")), map[string]any{"c": "old"})
	got(client.CommitTransaction(&tablestore.CommitTransactionRequest{TransactionId: id}))
	expect(stored("txn_commit", keyOf("pk", "a")), map[string]any{"c": "new"})
	_, err := client.CommitTransaction(&tablestore.CommitTransactionRequest{TransactionId: id})
	refused("OTSSessionNotExist", "Session not exist or may be timeout.", err)
}

func abortedTransaction() {
	transactional("txn_abort")
	id := got(start("txn_abort", "a"))
	must(putWithin(id, "txn_abort", "a", "c", 1))
	got(client.AbortTransaction(&tablestore.AbortTransactionRequest{TransactionId: id}))
	expect(stored("txn_abort", keyOf("pk", "a")), map[string]any{})
}

func lockedKey() {
	transactional("txn_lock")
	id := got(start("txn_lock", "a"))
	refused("OTSRowOperationConflict", conflictText, put("txn_lock", keyOf("pk", "a"), ignore, "c", 1))
	_, err := start("txn_lock", "a")
	refused("OTSRowOperationConflict", conflictText, err)
	must(put("txn_lock", keyOf("pk", "b"), ignore, "c", 1))
	elsewhere := "Data out of scope of transaction. Transaction PartKey:a. Data PartKey:b"
	refused("OTSDataOutOfRange", elsewhere, putWithin(id, "txn_lock", "b", "c", 1))
	got(client.AbortTransaction(&tablestore.AbortTransactionRequest{TransactionId: id}))
	must(put("txn_lock", keyOf("pk", "a"), ignore, "c", 1))
}
