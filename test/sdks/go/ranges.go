package main

import (
	"fmt"
	"sort"

	"github.com/aliyun/aliyun-tablestore-go-sdk/tablestore"
)

const rangedRows = 12_000

var (
	firstKey = keyOf("pk", tablestore.MIN, "n", tablestore.MIN)
	lastKey  = keyOf("pk", tablestore.MAX, "n", tablestore.MAX)
)

// Ranges: both directions, pages, formats; and where to split a table by its size.
func runRanges() {
	fillRanged()
	run("ranges: forward, in pages, to the end", rangeForward)
	run("ranges: backward", rangeBackward)
	run("ranges: filtered rows, chosen columns, and the key whole or as chosen", rangeFiltered)
	run("ranges: asked for as a row matrix, which is a hint", rangeMatrix)
	run("ranges: bounds the wrong way round", rangeRefusals)
	run("split points: they follow the stored size, and their splits cover the table", rangeSplits)
}

func rangedKey(n int) *tablestore.PrimaryKey {
	return keyOf("pk", fmt.Sprint("p", n%3), "n", n)
}

func fillRanged() {
	must(create(metaOf("ranged", "pk", text, "n", number), nil))
	filling := string(make([]byte, 500))
	for begin := 0; begin < rangedRows; begin += 200 {
		changes := []tablestore.RowChange{}
		for n := begin; n < begin+200; n++ {
			changes = append(changes, putChange("ranged", rangedKey(n), ignore, "n10", n%10, "text", filling))
		}
		got(writeBatch(false, changes...))
	}
}

func inOrder() []int64 {
	list := make([]int64, rangedRows)
	for i := range list {
		list[i] = int64(i)
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i]%3 < list[j]%3 })
	return list
}

func reversed(list []int64) []int64 {
	turned := []int64{}
	for i := len(list) - 1; i >= 0; i-- {
		turned = append(turned, list[i])
	}
	return turned
}

func criteriaOf(direction tablestore.Direction, start, end *tablestore.PrimaryKey) *tablestore.RangeRowQueryCriteria {
	return &tablestore.RangeRowQueryCriteria{
		TableName: "ranged", Direction: direction, StartPrimaryKey: start, EndPrimaryKey: end, MaxVersion: 1}
}

// All rows of a range, and how many pages they came in.
func readRange(criteria *tablestore.RangeRowQueryCriteria) (rows []*tablestore.Row, pages int) {
	for criteria.StartPrimaryKey != nil {
		page := got(client.GetRange(&tablestore.GetRangeRequest{RangeRowQueryCriteria: criteria}))
		rows = append(rows, page.Rows...)
		criteria.StartPrimaryKey = page.NextStartPrimaryKey
		pages++
	}
	return rows, pages
}

func numbers(rows []*tablestore.Row) []int64 {
	list := []int64{}
	for _, row := range rows {
		list = append(list, row.PrimaryKey.PrimaryKeys[len(row.PrimaryKey.PrimaryKeys)-1].Value.(int64))
	}
	return list
}

func rangeForward() {
	criteria := criteriaOf(tablestore.FORWARD, firstKey, lastKey)
	criteria.Limit = 1000
	rows, pages := readRange(criteria)
	expect(numbers(rows), inOrder())
	expect(pages, 12)
}

func rangeBackward() {
	rows, _ := readRange(criteriaOf(tablestore.BACKWARD, lastKey, firstKey))
	expect(numbers(rows), reversed(inOrder()))
}

func rangeFiltered() {
	criteria := criteriaOf(tablestore.FORWARD, firstKey, lastKey)
	criteria.Filter = tablestore.NewSingleColumnCondition("n10", tablestore.CT_EQUAL, int64(7))
	criteria.ColumnsToGet = []string{"n10"}
	rows, _ := readRange(criteria)
	expected := []int64{}
	for _, n := range inOrder() {
		if n%10 == 7 {
			expected = append(expected, n)
		}
	}
	expect(numbers(rows), expected)
	expect(names(rows[0].Columns), []string{"n10"})
	part := criteriaOf(tablestore.FORWARD, rangedKey(3), rangedKey(12))
	part.ColumnsToGet, part.ReturnSpecifiedPkOnly = []string{"n", "n10"}, true
	rows, _ = readRange(part)
	expect(numbers(rows), []int64{3, 6, 9})
	expect([]int{len(rows[0].PrimaryKey.PrimaryKeys), len(rows[0].Columns)}, []int{1, 1})
}

func rangeMatrix() {
	criteria := criteriaOf(tablestore.FORWARD, rangedKey(3), rangedKey(12))
	criteria.ColumnsToGet, criteria.DataBlockType = []string{"pk", "n", "n10"}, tablestore.SimpleRowMatrix
	rows, _ := readRange(criteria)
	expect(numbers(rows), []int64{3, 6, 9})
	expect(values(rows[2].Columns), map[string]any{"n10": int64(9)})
}

func rangeRefusals() {
	_, err := client.GetRange(&tablestore.GetRangeRequest{RangeRowQueryCriteria: criteriaOf(tablestore.FORWARD, lastKey, firstKey)})
	refused("OTSParameterInvalid", "Begin key must less than end key in FORWARD", err)
	_, err = client.GetRange(&tablestore.GetRangeRequest{RangeRowQueryCriteria: criteriaOf(tablestore.BACKWARD, firstKey, lastKey)})
	refused("OTSParameterInvalid", "Begin key must more than end key in BACKWARD", err)
}

func rangeSplits() {
	unit := int64(1024 * 1024)
	request := &tablestore.ComputeSplitPointsBySizeRequest{TableName: "ranged", SplitSize: 1, SplitSizeUnitInByte: &unit}
	answer := got(client.ComputeSplitPointsBySize(request))
	seen := []int64{}
	for _, split := range answer.Splits {
		rows, _ := readRange(criteriaOf(tablestore.FORWARD, split.LowerBound, split.UpperBound))
		expectTrue(len(rows) > 500 && len(rows) < 4000, fmt.Sprint("a split of about 1 MB has rows: ", len(rows)))
		seen = append(seen, numbers(rows)...)
	}
	expect(seen, inOrder())
	expectTrue(len(answer.Splits) >= 5, "7 MB are cut more than four times")
}
