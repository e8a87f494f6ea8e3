package main

import (
	"strings"

	"github.com/aliyun/aliyun-tablestore-go-sdk/tablestore"
)

const (
	exists    = tablestore.RowExistenceExpectation_EXPECT_EXIST
	notExists = tablestore.RowExistenceExpectation_EXPECT_NOT_EXIST
)

// Single rows: put, get, update, delete with every option the SDK has.
func runRows() {
	run("rows: every type of key and value comes back as it went", rowTypes)
	run("rows: existence conditions", rowExistence)
	run("rows: conditions on columns, single and composite", rowConditions)
	run("rows: columns to get, filters, paged columns", rowColumns)
	run("rows: versions, by number, range and the one; deleted one by one and all", rowVersions)
	run("rows: increments, and the values they give", rowIncrements)
	run("rows: an auto-increment key is chosen by the server and told", rowAutoIncrement)
	run("rows: keys that do not fit the table, and limits", rowRefusals)
}

func rowTypes() {
	must(create(metaOf("types", "s", text, "i", number, "b", binary), nil))
	key := keyOf("s", "schlüssel 表", "i", int64(-1<<63), "b", []byte{0, 255})
	cells := []any{"text", "grüße 表格存储 \U0001f600", "empty", "", "largest", int64(1<<63 - 1), "double", -3.25, "yes", true}
	cells = append(cells, "bytes", []byte{1, 0, 255})
	written := got(client.PutRow(&tablestore.PutRowRequest{PutRowChange: putChange("types", key, ignore, cells...)}))
	expect(*written.ConsumedCapacityUnit, tablestore.ConsumedCapacityUnit{Write: 1})
	read := got(get("types", key, nil))
	expect(*read.ConsumedCapacityUnit, tablestore.ConsumedCapacityUnit{Read: 1})
	expect([]any{read.PrimaryKey.PrimaryKeys[0].Value, read.PrimaryKey.PrimaryKeys[1].Value, read.PrimaryKey.PrimaryKeys[2].Value},
		[]any{"schlüssel 表", int64(-1 << 63), []byte{0, 255}})
	for i := 0; i < len(cells); i += 2 {
		expect(values(read.Columns)[cells[i].(string)], cells[i+1])
	}
	expect(names(read.Columns), []string{"bytes", "double", "empty", "largest", "text", "yes"})
	absent := got(get("types", keyOf("s", "none", "i", 0, "b", []byte{1}), nil))
	expect([]int{len(absent.PrimaryKey.PrimaryKeys), len(absent.Columns)}, []int{0, 0})
}

func failedCondition(err error) {
	refused("OTSConditionCheckFail", "Condition check failed.", err)
}

func rowExistence() {
	table("existence")
	key := keyOf("pk", "a")
	failedCondition(put("existence", key, exists, "c", 1))
	must(put("existence", key, notExists, "c", 1))
	failedCondition(put("existence", key, notExists, "c", 1))
	must(remove("existence", key, exists))
	failedCondition(remove("existence", key, exists))
	must(remove("existence", key, ignore))
}

func rowConditions() {
	table("conditions")
	key := keyOf("pk", "a")
	must(put("conditions", key, ignore, "n", 5, "s", "x"))
	updateIf := func(condition tablestore.ColumnFilter) error {
		change := updateChange("conditions", key)
		change.PutColumn("touched", true)
		change.SetCondition(exists)
		change.SetColumnCondition(condition)
		_, err := update(change)
		return err
	}
	is5 := tablestore.NewSingleColumnCondition("n", tablestore.CT_EQUAL, int64(5))
	under5 := tablestore.NewSingleColumnCondition("n", tablestore.CT_LESS_THAN, int64(5))
	gone := tablestore.NewSingleColumnCondition("gone", tablestore.CT_EQUAL, int64(1))
	must(updateIf(is5))
	failedCondition(updateIf(under5))
	must(updateIf(gone))
	gone.FilterIfMissing = true
	failedCondition(updateIf(gone))
	both := tablestore.NewCompositeColumnCondition(tablestore.LO_AND)
	both.AddFilter(is5)
	both.AddFilter(tablestore.NewSingleColumnCondition("s", tablestore.CT_EQUAL, "x"))
	must(updateIf(both))
	neither := tablestore.NewCompositeColumnCondition(tablestore.LO_NOT)
	neither.AddFilter(both)
	failedCondition(updateIf(neither))
}

func rowColumns() {
	table("columns")
	key := keyOf("pk", "a")
	must(put("columns", key, ignore, "a", 1, "b", 2, "c", "t1:{age:23}", "d", 4, "e", 5))
	with := func(change func(*tablestore.SingleRowQueryCriteria)) []string {
		return names(got(get("columns", key, change)).Columns)
	}
	expect(with(func(c *tablestore.SingleRowQueryCriteria) { c.ColumnsToGet = []string{"e", "b", "none"} }), []string{"b", "e"})
	expect(with(func(c *tablestore.SingleRowQueryCriteria) { c.SetStartColumn("b"); c.SetEndtColumn("d") }), []string{"b", "c"})
	expect(with(func(c *tablestore.SingleRowQueryCriteria) {
		c.SetFilter(&tablestore.PaginationFilter{Offset: 1, Limit: 2})
	}), []string{"b", "c"})
	age := &tablestore.ValueTransferRule{Regex: "age:([0-9]+)", Cast_type: tablestore.Variant_INTEGER}
	older := func(than int64) func(*tablestore.SingleRowQueryCriteria) {
		return func(c *tablestore.SingleRowQueryCriteria) {
			c.SetFilter(tablestore.NewSingleColumnValueRegexFilter("c", tablestore.CT_GREATER_THAN, age, than))
		}
	}
	expect([]int{len(with(older(22))), len(with(older(23)))}, []int{5, 0})
}

func rowVersions() {
	three := func(request *tablestore.CreateTableRequest) { request.TableOption.MaxVersion = 3 }
	must(create(metaOf("versions", "pk", text), three))
	key := keyOf("pk", "a")
	now := milliseconds()
	for age := int64(4); age > 0; age-- {
		change := updateChange("versions", key)
		change.PutColumnWithTimestamp("c", age, now-age)
		got(update(change))
	}
	ages := func(change func(*tablestore.SingleRowQueryCriteria)) []int64 {
		list := []int64{}
		for _, column := range got(get("versions", key, change)).Columns {
			list = append(list, now-column.Timestamp)
		}
		return list
	}
	nine := func(c *tablestore.SingleRowQueryCriteria) { c.MaxVersion = 9 }
	expect(ages(nine), []int64{1, 2, 3})
	expect(ages(func(c *tablestore.SingleRowQueryCriteria) {
		c.MaxVersion, c.TimeRange = 0, &tablestore.TimeRange{Start: now - 3, End: now - 1}
	}), []int64{2, 3})
	expect(ages(func(c *tablestore.SingleRowQueryCriteria) {
		c.MaxVersion, c.TimeRange = 0, &tablestore.TimeRange{Specific: now - 2}
	}), []int64{2})
	change := updateChange("versions", key)
	change.DeleteColumnWithTimestamp("c", now-2)
	got(update(change))
	expect(ages(nine), []int64{1, 3})
	change = updateChange("versions", key)
	change.DeleteColumn("c")
	got(update(change))
	expect(ages(nine), []int64{})
}

func rowIncrements() {
	table("increments")
	key := keyOf("pk", "a")
	for _, step := range []int64{40, 2} {
		change := updateChange("increments", key)
		change.IncrementColumn("n", step)
		change.SetReturnIncrementValue()
		change.AppendIncrementColumnToReturn("n")
		told := got(update(change))
		if step == 2 {
			expect(values(told.Columns), map[string]any{"n": int64(42)})
		}
	}
	expect(stored("increments", key), map[string]any{"n": int64(42)})
}

func rowAutoIncrement() {
	meta := metaOf("numbered", "pk", text)
	meta.AddPrimaryKeyColumnOption("id", number, tablestore.AUTO_INCREMENT)
	must(create(meta, nil))
	last := int64(0)
	for value := 0; value < 3; value++ {
		change := putChange("numbered", keyOf("pk", "a", "id", tablestore.AUTO_INCREMENT), ignore, "value", value)
		change.SetReturnPk()
		id := got(client.PutRow(&tablestore.PutRowRequest{PutRowChange: change})).PrimaryKey.PrimaryKeys[1].Value.(int64)
		expectTrue(id > last, "ids grow")
		expect(stored("numbered", keyOf("pk", "a", "id", id)), map[string]any{"value": int64(value)})
		last = id
	}
}

func rowRefusals() {
	must(create(metaOf("keyed", "pk", number), nil))
	read := func(key *tablestore.PrimaryKey) error { _, err := get("keyed", key, nil); return err }
	refused("OTSInvalidPK", "Validate PK name fail. Input: PK2, Meta: pk.", read(keyOf("PK2", 1)))
	refused("OTSInvalidPK", "Validate PK type fail. Input: VT_STRING, Meta: VT_INTEGER.", read(keyOf("pk", "a")))
	refused("OTSInvalidPK", "Validate PK size fail. Input: 2, Meta: 1.", read(keyOf("pk", 1, "q", 1)))
	refused("OTSParameterInvalid", "VT_INF_MIN is an invalid type for the primary key.", read(keyOf("pk", tablestore.MIN)))
	refused("OTSParameterInvalid", "The length of attribute column: 'attr' exceeds the MaxLength:2097152 with CurrentLength:2097153.",
		put("keyed", keyOf("pk", 1), ignore, "attr", strings.Repeat("x", 2097153)))
}
