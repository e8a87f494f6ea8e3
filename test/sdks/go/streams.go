package main

import (
	"fmt"
	"strings"

	"github.com/aliyun/aliyun-tablestore-go-sdk/tablestore"
)

// The Stream API, end to end.
func runStreams() {
	run("streams: records of every kind, with old values, until the iterator stays", streamRecords)
	run("streams: a partition split, parents before children, in order per key", streamSplit)
	run("streams: an iterator by time, and an unknown stream", streamByTime)
}

func streamOf(table string) *tablestore.StreamId {
	streams := got(client.ListStream(&tablestore.ListStreamRequest{TableName: &table})).Streams
	expect(len(streams), 1)
	return streams[0].Id
}

func shardsOf(stream *tablestore.StreamId) []*tablestore.StreamShard {
	return got(client.DescribeStream(&tablestore.DescribeStreamRequest{StreamId: stream})).Shards
}

// All records of a shard until it has nothing more for now, or for ever.
func readShard(stream *tablestore.StreamId, shard *tablestore.ShardId, since *int64) []*tablestore.StreamRecord {
	records := []*tablestore.StreamRecord{}
	at := got(client.GetShardIterator(&tablestore.GetShardIteratorRequest{StreamId: stream, ShardId: shard, Timestamp: since})).ShardIterator
	for at != nil {
		page := got(client.GetStreamRecord(&tablestore.GetStreamRecordRequest{ShardIterator: at}))
		records = append(records, page.Records...)
		if page.NextShardIterator != nil && *page.NextShardIterator == *at {
			break
		}
		at = page.NextShardIterator
	}
	return records
}

func shownColumns(columns []*tablestore.RecordColumn) string {
	list := []string{}
	for _, column := range columns {
		switch column.Type {
		case tablestore.RCT_Put:
			list = append(list, fmt.Sprintf("%s=%v", *column.Name, column.Value))
		case tablestore.RCT_DeleteOneVersion:
			list = append(list, *column.Name+" -1")
		default:
			list = append(list, *column.Name+" -all")
		}
	}
	return strings.Join(list, ",")
}

func streamRecords() {
	streamed("recorded", "n")
	key := keyOf("pk", "a")
	at := milliseconds()
	must(put("recorded", key, ignore, "n", 1, "b", "x"))
	change := updateChange("recorded", key)
	change.PutColumnWithTimestamp("c", int64(2), at)
	got(update(change))
	change = updateChange("recorded", key)
	change.DeleteColumnWithTimestamp("c", at)
	change.DeleteColumn("b")
	change.IncrementColumn("n", 4)
	got(update(change))
	must(remove("recorded", key, ignore))
	stream := streamOf("recorded")
	records := readShard(stream, shardsOf(stream)[0].SelfShard, nil)
	shown, origins := []string{}, []string{}
	for i, record := range records {
		shown = append(shown, fmt.Sprint(record.Type, " ", shownColumns(record.Columns)))
		origins = append(origins, shownColumns(record.OriginColumns))
		expectTrue(i == 0 || records[i-1].Info.Timestamp < record.Info.Timestamp, "sequences grow")
	}
	expect(shown, []string{`"PutRow" b=x,n=1`, `"UpdateRow" c=2`, `"UpdateRow" b -all,c -1,n=5`, `"DeleteRow" `})
	expect(origins, []string{"", "n=1", "n=1", "n=5"})
}

func streamSplit() {
	streamed("parted")
	for round := 0; round < 3; round++ {
		for i := 0; i < 20; i++ {
			must(put("parted", keyOf("pk", fmt.Sprintf("k%02d", i)), ignore, "n", round))
		}
		if round < 2 {
			split("parted", []string{"k10", "k05"}[round])
		}
	}
	stream := streamOf("parted")
	shards := shardsOf(stream)
	expect(len(shards), 5)
	seen, read := map[string][]int64{}, map[tablestore.ShardId]bool{}
	for len(read) < len(shards) {
		before := len(read)
		for _, shard := range shards {
			if read[*shard.SelfShard] || shard.FatherShard != nil && *shard.FatherShard != "" && !read[*shard.FatherShard] {
				continue
			}
			read[*shard.SelfShard] = true
			for _, record := range readShard(stream, shard.SelfShard, nil) {
				key := record.PrimaryKey.PrimaryKeys[0].Value.(string)
				seen[key] = append(seen[key], record.Columns[0].Value.(int64))
			}
		}
		expectTrue(len(read) > before, "every shard has parents that were read")
	}
	expect(len(seen), 20)
	for _, rounds := range seen {
		expect(rounds, []int64{0, 1, 2})
	}
}

func streamByTime() {
	streamed("timed")
	for i := 0; i < 5; i++ {
		must(put("timed", keyOf("pk", fmt.Sprint("k", i)), ignore, "n", i))
	}
	stream := streamOf("timed")
	shard := shardsOf(stream)[0].SelfShard
	middle := readShard(stream, shard, nil)[2].Info.Timestamp
	expect(len(readShard(stream, shard, &middle)), 3)
	unknown := tablestore.StreamId("nothing")
	_, err := client.DescribeStream(&tablestore.DescribeStreamRequest{StreamId: &unknown})
	expectTrue(err != nil && strings.HasPrefix(err.Error(), "OTSParameterInvalid Invalid stream id"), fmt.Sprint(err))
}
