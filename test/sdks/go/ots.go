package main

import (
	"os"
	"time"

	"github.com/aliyun/aliyun-tablestore-go-sdk/tablestore"
)

// The SDK pointed at the server of the environment, and short words for what cases build most.

var (
	endpoint  = os.Getenv("TABLESTORE_ENDPOINT")
	instance  = os.Getenv("TABLESTORE_INSTANCE")
	keyID     = os.Getenv("TABLESTORE_ACCESS_KEY_ID")
	keySecret = os.Getenv("TABLESTORE_ACCESS_KEY_SECRET")
	client    = impatient(keyID, keySecret, "", instance)
)

// A client without retries, so that a case sees what the server said the first time.
func impatient(id, secret, token, instance string) *tablestore.TableStoreClient {
	config := tablestore.NewDefaultTableStoreConfig()
	config.RetryTimes = 0
	return tablestore.NewClientWithConfig(endpoint, instance, id, secret, token, config)
}

const (
	ignore = tablestore.RowExistenceExpectation_IGNORE
	text   = tablestore.PrimaryKeyType_STRING
	number = tablestore.PrimaryKeyType_INTEGER
	binary = tablestore.PrimaryKeyType_BINARY
)

// Whether a row must be there.
type expectation = tablestore.RowExistenceExpectation

func keyOf(parts ...any) *tablestore.PrimaryKey {
	key := &tablestore.PrimaryKey{}
	for i := 0; i < len(parts); i += 2 {
		name := parts[i].(string)
		switch value := parts[i+1].(type) {
		case int:
			key.AddPrimaryKeyColumn(name, int64(value))
		case tablestore.PrimaryKeyOption:
			key.PrimaryKeys = append(key.PrimaryKeys, &tablestore.PrimaryKeyColumn{ColumnName: name, PrimaryKeyOption: value})
		default:
			key.AddPrimaryKeyColumn(name, value)
		}
	}
	return key
}

func metaOf(table string, key ...any) *tablestore.TableMeta {
	meta := &tablestore.TableMeta{TableName: table}
	for i := 0; i < len(key); i += 2 {
		meta.AddPrimaryKeyColumn(key[i].(string), key[i+1].(tablestore.PrimaryKeyType))
	}
	return meta
}

func create(meta *tablestore.TableMeta, change func(*tablestore.CreateTableRequest)) error {
	request := &tablestore.CreateTableRequest{
		TableMeta:          meta,
		TableOption:        &tablestore.TableOption{TimeToAlive: -1, MaxVersion: 1},
		ReservedThroughput: &tablestore.ReservedThroughput{},
	}
	if change != nil {
		change(request)
	}
	_, err := client.CreateTable(request)
	return err
}

// A table of one string key `pk`, as most cases want it.
func table(name string) {
	must(create(metaOf(name, "pk", text), nil))
}

func streamed(name string, origin ...string) {
	must(create(metaOf(name, "pk", text), func(request *tablestore.CreateTableRequest) {
		request.StreamSpec = &tablestore.StreamSpecification{EnableStream: true, ExpirationTime: 24, OriginColumnsToGet: origin}
	}))
}

func put(table string, key *tablestore.PrimaryKey, condition expectation, cells ...any) error {
	_, err := client.PutRow(&tablestore.PutRowRequest{PutRowChange: putChange(table, key, condition, cells...)})
	return err
}

func putChange(table string, key *tablestore.PrimaryKey, condition expectation, cells ...any) *tablestore.PutRowChange {
	change := &tablestore.PutRowChange{TableName: table, PrimaryKey: key}
	for i := 0; i < len(cells); i += 2 {
		change.AddColumn(cells[i].(string), cellValue(cells[i+1]))
	}
	change.SetCondition(condition)
	return change
}

func cellValue(value any) any {
	if number, ok := value.(int); ok {
		return int64(number)
	}
	return value
}

func updateChange(table string, key *tablestore.PrimaryKey) *tablestore.UpdateRowChange {
	change := &tablestore.UpdateRowChange{TableName: table, PrimaryKey: key}
	change.SetCondition(ignore)
	return change
}

func update(change *tablestore.UpdateRowChange) (*tablestore.UpdateRowResponse, error) {
	return client.UpdateRow(&tablestore.UpdateRowRequest{UpdateRowChange: change})
}

func remove(table string, key *tablestore.PrimaryKey, condition expectation) error {
	change := &tablestore.DeleteRowChange{TableName: table, PrimaryKey: key}
	change.SetCondition(condition)
	_, err := client.DeleteRow(&tablestore.DeleteRowRequest{DeleteRowChange: change})
	return err
}

func get(table string, key *tablestore.PrimaryKey, change func(*tablestore.SingleRowQueryCriteria)) (*tablestore.GetRowResponse, error) {
	criteria := &tablestore.SingleRowQueryCriteria{TableName: table, PrimaryKey: key, MaxVersion: 1}
	if change != nil {
		change(criteria)
	}
	return client.GetRow(&tablestore.GetRowRequest{SingleRowQueryCriteria: criteria})
}

// The newest value of each column.
func values(columns []*tablestore.AttributeColumn) map[string]any {
	newest := map[string]any{}
	for _, column := range columns {
		if _, there := newest[column.ColumnName]; !there {
			newest[column.ColumnName] = column.Value
		}
	}
	return newest
}

func names(columns []*tablestore.AttributeColumn) []string {
	list := []string{}
	for _, column := range columns {
		list = append(list, column.ColumnName)
	}
	return list
}

func stored(table string, key *tablestore.PrimaryKey) map[string]any {
	return values(got(get(table, key, nil)).Columns)
}

func milliseconds() int64 {
	return time.Now().UnixMilli()
}

func split(table, key string) float64 {
	return ask("splitPartition", map[string]any{"table": table, "key": key})["partitions"].(float64)
}
