package main

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aliyun/aliyun-tablestore-go-sdk/tablestore"
	"github.com/aliyun/aliyun-tablestore-go-sdk/tunnel"
	"go.uber.org/zap/zapcore"
)

const (
	baseRows = 3_000
	liveKeys = 40
)

// The SDK's own worker, under its daemon, with heartbeats of a second.
func runWorkers() {
	together(
		testCase{"tunnel worker: base data, then live changes through a partition split, two workers, one closed", workersShare},
		testCase{"tunnel worker: takes over from one that died without a word", workerTakesOver},
		testCase{"tunnel worker: goes on from its checkpoint", workerResumes},
	)
	run("tunnel worker: comes back after a restart of the server", workerAfterRestart)
}

func workerConfig(name string, journal *journal) *tunnel.TunnelWorkerConfig {
	return &tunnel.TunnelWorkerConfig{
		HeartbeatInterval: time.Second,
		HeartbeatTimeout:  5 * time.Second,
		LogWriteSyncer:    zapcore.Lock(os.Stderr),
		BackoffConfig:     &tunnel.ChannelBackoffConfig{MaxDelay: 500 * time.Millisecond},
		ProcessorFactory: &tunnel.SimpleProcessFactory{
			Logger:     logger,
			CpInterval: 500 * time.Millisecond,
			ProcessFunc: func(channel *tunnel.ChannelContext, records []*tunnel.Record) error {
				journal.waitFor(channel.ChannelId)
				journal.add(name, records)
				return nil
			},
		},
	}
}

// A worker that writes what it is handed into a journal.
func startWorker(name, id string, journal *journal) *tunnel.TunnelWorkerDaemon {
	daemon := tunnel.NewTunnelDaemon(tunnels, id, workerConfig(name, journal))
	go daemon.Run()
	return daemon
}

func liveKey(i int) string {
	return fmt.Sprintf("row%04d", i*(baseRows/liveKeys))
}

func round(table string, n int64) {
	for i := 0; i < liveKeys; i++ {
		change := updateChange(table, keyOf("pk", liveKey(i)))
		change.PutColumn("n", n)
		got(update(change))
	}
}

// Counts each of some rows up, one after the other, until told to end a round.
type liveWriter struct {
	stopping atomic.Bool
	ended    chan int64
	failed   string
}

func startWriting(table string) *liveWriter {
	writer := &liveWriter{ended: make(chan int64)}
	go func() {
		rounds := int64(0)
		writer.failed = failure(func() {
			for !writer.stopping.Load() {
				rounds++
				round(table, rounds)
				time.Sleep(20 * time.Millisecond)
			}
		})
		writer.ended <- rounds
	}()
	return writer
}

func (w *liveWriter) stop() int64 {
	w.stopping.Store(true)
	rounds := <-w.ended
	expect(w.failed, "")
	return rounds
}

// The channels of the stream that are open.
func openStream(table string) (ids []string) {
	for _, channel := range describeTunnel(table, "t").Channels {
		if channel.ChannelType == "Stream" && channel.ChannelStatus == "OPEN" {
			ids = append(ids, channel.ChannelId)
		}
	}
	return ids
}

// How many of them there are, and how many clients hold them.
func countOpen(table string) (channels, clients int) {
	owners := map[string]bool{}
	for _, channel := range describeTunnel(table, "t").Channels {
		if channel.ChannelType == "Stream" && channel.ChannelStatus == "OPEN" {
			channels++
			owners[channel.ClientId] = true
		}
	}
	return channels, len(owners)
}

func workersShare() {
	streamed("shared")
	filling := strings.Repeat("x", 4000)
	for begin := 0; begin < baseRows; begin += 200 {
		changes := []tablestore.RowChange{}
		for i := begin; i < begin+200; i++ {
			changes = append(changes, putChange("shared", keyOf("pk", fmt.Sprintf("row%04d", i)), ignore, "n", 0, "text", filling))
		}
		got(writeBatch(false, changes...))
	}
	split("shared", "row1500")
	id := createTunnel("shared", "t", tunnel.TunnelTypeBaseStream)
	journal := newJournal()
	live := startWriting("shared")
	first := startWorker("first", id, journal)
	defer first.Close()
	second := startWorker("second", id, journal)
	until(40, "the stream is read after the base data", func() bool { return describeTunnel("shared", "t").Tunnel.Stage == "ProcessStream" })
	base, _, _ := journal.facts()
	expect(base, baseRows)
	until(20, "both workers hold channels of the stream", func() bool { _, clients := countOpen("shared"); return clients == 2 })
	// Were a child of the split opened before its parent is read, the later changes would now come first.
	release := journal.hold(openStream("shared"))
	time.Sleep(500 * time.Millisecond)
	split("shared", "row0700")
	time.Sleep(3 * time.Second)
	release()
	until(20, "both read changes", func() bool { _, _, readers := journal.facts(); return readers == 2 })
	until(20, "the children of the split are open", func() bool { channels, _ := countOpen("shared"); return channels == 3 })
	second.Close()
	until(20, "the first holds all channels", func() bool { channels, clients := countOpen("shared"); return channels == 3 && clients == 1 })
	rounds := live.stop()
	until(20, "every change was seen, in order", func() bool { return journal.complete(liveKeys, rounds) })
}

// A worker dies with the machine it is on; here its connections are cut.
func workerTakesOver() {
	streamed("left")
	split("left", "row1500")
	id := createTunnel("left", "t", tunnel.TunnelTypeStream)
	lost := newJournal()
	transport := &cutTransport{}
	mute := tunnel.NewTunnelClientWithConfig(endpoint, instance, keyID, keySecret, &tunnel.TunnelConfig{
		MaxRetryElapsedTime: time.Second, RequestTimeout: time.Second, Transport: transport})
	worker := got(mute.NewTunnelWorker(id, workerConfig("dead", lost)))
	go worker.ConnectAndWorking()
	round("left", 1)
	until(20, "the first worker reads", func() bool { return lost.complete(liveKeys, 1) })
	transport.cut.Store(true)
	journal := newJournal()
	heir := startWorker("heir", id, journal)
	defer heir.Close()
	round("left", 2)
	round("left", 3)
	until(30, "the heir holds both channels", func() bool { channels, clients := countOpen("left"); return channels == 2 && clients == 1 })
	// What the dead worker had confirmed is not handed out again.
	until(20, "every later change was seen, in order", func() bool {
		journal.mutex.Lock()
		defer journal.mutex.Unlock()
		for i := 0; i < liveKeys; i++ {
			if journal.greatest[liveKey(i)] != 3 {
				return false
			}
		}
		return true
	})
	worker.Shutdown()
}

func workerResumes() {
	streamed("resumed")
	id := createTunnel("resumed", "t", tunnel.TunnelTypeStream)
	for n := int64(1); n <= 5; n++ {
		round("resumed", n)
	}
	journal := newJournal()
	before := startWorker("before", id, journal)
	until(20, "every change was seen", func() bool { return journal.complete(liveKeys, 5) })
	until(20, "the checkpoint is behind them", func() bool {
		return describeTunnel("resumed", "t").Channels[0].ChannelRPO > journal.latestChange()*1000
	})
	before.Close()
	until(20, "the channel is free", func() bool { channels, _ := countOpen("resumed"); return channels == 0 })
	_, changes, _ := journal.facts()
	expect(changes, 5*liveKeys)
	round("resumed", 6)
	after := startWorker("after", id, journal)
	defer after.Close()
	until(20, "the last change of each was seen", func() bool { return journal.complete(liveKeys, 6) })
	_, changes, _ = journal.facts()
	expect(changes, 6*liveKeys)
}

func workerAfterRestart() {
	streamed("restarted")
	id := createTunnel("restarted", "t", tunnel.TunnelTypeStream)
	journal := newJournal()
	patient := startWorker("patient", id, journal)
	defer patient.Close()
	for n := int64(1); n <= 3; n++ {
		round("restarted", n)
	}
	until(20, "the first changes were seen", func() bool { return journal.complete(liveKeys, 3) })
	ask("restart", nil)
	until(10, "the server answers again", func() bool { return list(client) == nil })
	for n := int64(4); n <= 6; n++ {
		round("restarted", n)
	}
	until(40, "the changes after it were seen, in order", func() bool { return journal.complete(liveKeys, 6) })
}
