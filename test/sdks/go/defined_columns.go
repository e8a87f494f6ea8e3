package main

import "github.com/aliyun/aliyun-tablestore-go-sdk/tablestore"

// Defined columns: added to a table that is there, enforced, deleted again; as Terraform does it, which always sends both lists.
func runDefinedColumns() {
	run("defined columns: added, enforced, and deleted again", addEnforceDeleteColumn)
	run("defined columns: empty lists are taken", emptyColumnLists)
}

func definedNames(table string) []string {
	list := []string{}
	for _, column := range got(client.DescribeTable(&tablestore.DescribeTableRequest{TableName: table})).TableMeta.DefinedColumns {
		list = append(list, column.Name)
	}
	return list
}

func addEnforceDeleteColumn() {
	table("defining")
	add := &tablestore.AddDefinedColumnRequest{TableName: "defining"}
	add.AddDefinedColumn("c", tablestore.DefinedColumn_INTEGER)
	got(client.AddDefinedColumn(add))
	expect(definedNames("defining"), []string{"c"})
	wrong := "Invalid column type for column c expect VT_INTEGER actual VT_STRING"
	refused("OTSParameterInvalid", wrong, put("defining", keyOf("pk", "a"), ignore, "c", "text"))
	got(client.DeleteDefinedColumn(&tablestore.DeleteDefinedColumnRequest{TableName: "defining", DefinedColumns: []string{"c"}}))
	expect(definedNames("defining"), []string{})
	must(put("defining", keyOf("pk", "a"), ignore, "c", "text"))
}

func emptyColumnLists() {
	table("defining_nothing")
	got(client.AddDefinedColumn(&tablestore.AddDefinedColumnRequest{TableName: "defining_nothing"}))
	got(client.DeleteDefinedColumn(&tablestore.DeleteDefinedColumnRequest{TableName: "defining_nothing"}))
}
