package main

import (
	"fmt"
	"sync"

	"github.com/aliyun/aliyun-tablestore-go-sdk/tunnel"
)

// What workers were handed of a table whose rows count their own changes in a column `n`: 0 in base data, then 1, 2, 3 … Delivery is at
// least once, so a reader may be thrown back, but never past a change that it has not seen.
type journal struct {
	mutex    sync.Mutex
	last     map[string]int64
	greatest map[string]int64
	base     map[string]bool
	readers  map[string]bool
	held     map[string]chan struct{}
	broken   string
	changes  int
	latest   int64
}

func newJournal() *journal {
	return &journal{last: map[string]int64{}, greatest: map[string]int64{}, base: map[string]bool{}, readers: map[string]bool{}}
}

// Lets nothing of these channels be handed over until the function that is returned is called.
func (j *journal) hold(channels []string) (release func()) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	gate := make(chan struct{})
	j.held = map[string]chan struct{}{}
	for _, channel := range channels {
		j.held[channel] = gate
	}
	return func() { close(gate) }
}

func (j *journal) waitFor(channel string) {
	j.mutex.Lock()
	gate, held := j.held[channel]
	j.mutex.Unlock()
	if held {
		<-gate
	}
}

func (j *journal) add(reader string, records []*tunnel.Record) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	for _, record := range records {
		key := record.PrimaryKey.PrimaryKeys[0].Value.(string)
		if record.SequenceInfo == nil {
			j.base[key] = true
			continue
		}
		j.readers[reader] = true
		j.changes++
		j.latest = max(j.latest, record.SequenceInfo.Timestamp)
		for _, column := range record.Columns {
			if *column.Name == "n" {
				j.count(reader, key, column.Value.(int64))
			}
		}
	}
}

func (j *journal) count(reader, key string, n int64) {
	seen := j.greatest[key]
	if n > seen+1 {
		j.broken = fmt.Sprintf("%s goes from %d, at most %d, to %d at %s", key, j.last[key], seen, n, reader)
	}
	j.greatest[key] = max(seen, n)
	j.last[key] = n
}

// Whether everything up to the n-th change of each of these keys was seen, in order.
func (j *journal) complete(keys int, n int64) bool {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	expect(j.broken, "")
	for key, greatest := range j.greatest {
		if greatest != n || j.last[key] != n {
			return false
		}
	}
	return len(j.greatest) == keys
}

// The latest change in microseconds.
func (j *journal) latestChange() int64 {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	return j.latest
}

func (j *journal) facts() (base, changes, readers int) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	return len(j.base), j.changes, len(j.readers)
}
