package main

import (
	"os"
	"time"

	"github.com/aliyun/aliyun-tablestore-go-sdk/tablestore"
	"github.com/aliyun/aliyun-tablestore-go-sdk/tunnel"
	"github.com/aliyun/aliyun-tablestore-go-sdk/tunnel/protocol"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

var (
	tunnels = tunnel.NewTunnelClient(endpoint, instance, keyID, keySecret)
	logger  = zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(tunnel.DefaultLogConfig.EncoderConfig), zapcore.Lock(os.Stderr), zap.InfoLevel))
)

// The tunnel service, as far as its administration goes; the rest is the worker's.
func runTunnels() {
	run("tunnels: create the three types, list, describe, delete", tunnelAdministration)
	run("tunnels: the errors of what is there already and of what is not", tunnelErrors)
	run("tunnels: recovery points, and channels suspended and resumed on request", tunnelSchedule)
}

func createTunnel(table, name string, kind tunnel.TunnelType) string {
	return got(tunnels.CreateTunnel(&tunnel.CreateTunnelRequest{TableName: table, TunnelName: name, Type: kind})).TunnelId
}

func describeTunnel(table, name string) *tunnel.DescribeTunnelResponse {
	return got(tunnels.DescribeTunnel(&tunnel.DescribeTunnelRequest{TableName: table, TunnelName: name}))
}

func tunnelAdministration() {
	table("tunneled")
	must(put("tunneled", keyOf("pk", "a"), ignore, "c", 1))
	kinds := []tunnel.TunnelType{tunnel.TunnelTypeBaseData, tunnel.TunnelTypeStream, tunnel.TunnelTypeBaseStream}
	for _, kind := range kinds {
		id := createTunnel("tunneled", "t_"+string(kind), kind)
		described := describeTunnel("tunneled", "t_"+string(kind)).Tunnel
		expect([]any{described.TunnelId, described.TunnelType, described.TableName, described.InstanceName, described.Expired},
			[]any{id, string(kind), "tunneled", instance, false})
		stage := "ProcessBaseData"
		if kind == tunnel.TunnelTypeStream {
			stage = "ProcessStream"
		}
		expect(described.Stage, stage)
		expectTrue(time.Since(described.CreateTime) < time.Minute, "made a moment ago: "+described.CreateTime.String())
	}
	expect(got(client.DescribeTable(&tablestore.DescribeTableRequest{TableName: "tunneled"})).StreamDetails.EnableStream, true)
	expect(len(got(tunnels.ListTunnel(&tunnel.ListTunnelRequest{TableName: "tunneled"})).Tunnels), 3)
	got(tunnels.DeleteTunnel(&tunnel.DeleteTunnelRequest{TableName: "tunneled", TunnelName: "t_Stream"}))
	expect(len(got(tunnels.ListTunnel(&tunnel.ListTunnelRequest{TableName: "tunneled"})).Tunnels), 2)
}

func tunnelErrors() {
	table("taken")
	createTunnel("taken", "t", tunnel.TunnelTypeBaseData)
	_, err := tunnels.CreateTunnel(&tunnel.CreateTunnelRequest{TableName: "taken", TunnelName: "t", Type: tunnel.TunnelTypeStream})
	refusedTunnel("OTSTunnelExist", "", err)
	_, err = tunnels.CreateTunnel(&tunnel.CreateTunnelRequest{TableName: "nowhere", TunnelName: "t", Type: tunnel.TunnelTypeStream})
	refusedTunnel("OTSParameterInvalid", "", err)
	// What Terraform recognises a missing tunnel by.
	_, err = tunnels.DescribeTunnel(&tunnel.DescribeTunnelRequest{TableName: "taken", TunnelName: "none"})
	refusedTunnel("OTSParameterInvalid", "tunnel not exist", err)
	_, err = tunnel.NewTunnelClient(endpoint, instance, keyID, "wrong").ListTunnel(&tunnel.ListTunnelRequest{TableName: "taken"})
	refusedTunnel("OTSAuthFailed", "Signature mismatch.", err)
}

func tunnelSchedule() {
	streamed("scheduled")
	id := createTunnel("scheduled", "t", tunnel.TunnelTypeStream)
	journal := newJournal()
	worker := startWorker("only", id, journal)
	defer worker.Close()
	round("scheduled", 1)
	until(20, "the change was seen", func() bool { return journal.complete(liveKeys, 1) })
	channel := describeTunnel("scheduled", "t").Channels[0].ChannelId
	got(tunnels.Schedule(&tunnel.ScheduleRequest{TunnelId: id, Channels: []*tunnel.ScheduleChannel{tunnel.SuspendChannel(channel)}}))
	until(20, "the channel is held by nobody", func() bool { return describeTunnel("scheduled", "t").Channels[0].ChannelStatus == "CLOSE" })
	round("scheduled", 2)
	time.Sleep(3 * time.Second)
	expect(journal.complete(liveKeys, 1), true)
	got(tunnels.Schedule(&tunnel.ScheduleRequest{TunnelId: id, Channels: []*tunnel.ScheduleChannel{tunnel.ResumeChannel(channel)}}))
	until(20, "the change was seen after all", func() bool { return journal.complete(liveKeys, 2) })
	rpo := got(tunnels.GetRpo(&tunnel.GetRpoRequest{TunnelId: id}))
	expectTrue(rpo.RpoInfos != nil && rpo.TunnelRpoInfos != nil, "recovery points")
	got(tunnels.GetRpoByOffset(&tunnel.GetRpoRequest{TunnelId: id}))
	expect(protocol.ChannelStatus_OPEN.String(), describeTunnel("scheduled", "t").Channels[0].ChannelStatus)
}
