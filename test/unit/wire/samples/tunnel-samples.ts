import * as gen from "../../../../src/wire/gen/stream_pb.js";
import { tunnelCheckpoint } from "../../../../src/wire/operation/tunnel-checkpoint.ts";
import { tunnelConnect } from "../../../../src/wire/operation/tunnel-connect.ts";
import { tunnelCreate } from "../../../../src/wire/operation/tunnel-create.ts";
import { tunnelDelete } from "../../../../src/wire/operation/tunnel-delete.ts";
import { tunnelDescribe } from "../../../../src/wire/operation/tunnel-describe.ts";
import { tunnelGetCheckpoint } from "../../../../src/wire/operation/tunnel-get-checkpoint.ts";
import { tunnelGetRpoByOffset } from "../../../../src/wire/operation/tunnel-get-rpo-by-offset.ts";
import { tunnelGetRpo } from "../../../../src/wire/operation/tunnel-get-rpo.ts";
import { tunnelHeartbeat } from "../../../../src/wire/operation/tunnel-heartbeat.ts";
import { tunnelList } from "../../../../src/wire/operation/tunnel-list.ts";
import { tunnelReadRecords } from "../../../../src/wire/operation/tunnel-read-records.ts";
import { tunnelSchedule } from "../../../../src/wire/operation/tunnel-schedule.ts";
import { tunnelShutdown } from "../../../../src/wire/operation/tunnel-shutdown.ts";
import { bytesOf, sample } from "./sample.ts";
import { records, wireRecords } from "./stream-samples.ts";

const streamConfig = { flag: "earliest", startOffset: 1_700_000_000_000_000_001n, endOffset: 1_700_000_000_000_000_002n } as const;
const wireStreamConfig = {
  flag: gen.StartOffsetFlag.EARLIEST,
  startOffset: 1_700_000_000_000_000_001n,
  endOffset: 1_700_000_000_000_000_002n,
};
const tunnel = {
  tunnelId: "~id",
  tunnelType: "BaseAndStream",
  tableName: "~t",
  instanceName: "~i",
  streamId: "~s",
  stage: "ProcessBaseData",
  expired: false,
  tunnelName: "~n",
  public: true,
  streamConfig,
  createTime: 1_700_000_000_000_000_003n,
} as const;
const wireTunnel = {
  ...tunnel,
  streamTunnelConfig: wireStreamConfig,
};
const leastTunnel = {
  tunnelId: "~id",
  tunnelType: "Stream",
  tableName: "~t",
  instanceName: "~i",
  streamId: "",
  stage: "ProcessStream",
} as const;
const channels = [
  { channelId: "~a", version: 3n, status: "open", detail: bytesOf("detail") },
  { channelId: "~b", version: 4n, status: "terminated" },
] as const;
const wireChannels = [
  { channelId: "~a", version: 3n, status: gen.ChannelStatus.CHANNEL_OPEN, detail: bytesOf("detail") },
  { channelId: "~b", version: 4n, status: gen.ChannelStatus.CHANNEL_TERMINATED },
];
const named = { tableName: "~t", tunnelName: "~n", tunnelId: "~id" };
const leastNamed = { tableName: "~t", tunnelName: "~n" };
const client = { tunnelId: "~id", clientId: "~client" };
const channel = { ...client, channelId: "~channel" };
const rpo = { tunnelId: "~id", limit: 7 };
const rpoAnswer = { rpoInfos: bytesOf("{}"), tunnelRpoInfos: bytesOf("{}"), tunnelId: "~id" };
const nothing = { model: {}, wire: {}, minimal: {} };

export const tunnelSamples = [
  ...sample(
    tunnelCreate,
    {
      schema: gen.CreateTunnelRequestSchema,
      model: { tableName: "~t", tunnelName: "~n", tunnelType: "BaseData", streamConfig },
      wire: { tunnel: { tableName: "~t", tunnelName: "~n", tunnelType: gen.TunnelType.BASE_DATA, streamTunnelConfig: wireStreamConfig } },
      minimal: { tableName: "~t", tunnelName: "~n", tunnelType: "Stream" },
    },
    { schema: gen.CreateTunnelResponseSchema, model: { tunnelId: "~id" }, wire: { tunnelId: "~id" }, minimal: { tunnelId: "~id" } },
  ),
  ...sample(
    tunnelDelete,
    { schema: gen.DeleteTunnelRequestSchema, model: named, wire: named, minimal: leastNamed },
    { schema: gen.DeleteTunnelResponseSchema, ...nothing },
  ),
  ...sample(
    tunnelList,
    { schema: gen.ListTunnelRequestSchema, model: { tableName: "~t" }, wire: { tableName: "~t" }, minimal: {} },
    { schema: gen.ListTunnelResponseSchema, model: { tunnels: [tunnel] }, wire: { tunnels: [wireTunnel] }, minimal: { tunnels: [] } },
  ),
  ...sample(
    tunnelDescribe,
    { schema: gen.DescribeTunnelRequestSchema, model: named, wire: named, minimal: leastNamed },
    {
      schema: gen.DescribeTunnelResponseSchema,
      model: {
        tunnel,
        channels: [
          { channelId: "~a", channelType: "BaseData", channelStatus: "CLOSING", clientId: "~c", channelRpo: 5n, channelCount: 6n },
          { channelId: "~b" },
        ],
        tunnelRpo: 7n,
      },
      wire: {
        tunnel: wireTunnel,
        channels: [
          { channelId: "~a", channelType: "BaseData", channelStatus: "CLOSING", clientId: "~c", channelRpo: 5n, channelCount: 6n },
          { channelId: "~b" },
        ],
        tunnelRpo: 7n,
      },
      minimal: { tunnel: leastTunnel, channels: [] },
    },
  ),
  ...sample(
    tunnelConnect,
    {
      schema: gen.ConnectRequestSchema,
      model: { tunnelId: "~id", client: { timeoutSeconds: 300, tag: "~host" } },
      wire: { tunnelId: "~id", clientConfig: { timeout: 300n, clientTag: "~host" } },
      minimal: { tunnelId: "~id" },
    },
    { schema: gen.ConnectResponseSchema, model: { clientId: "~c" }, wire: { clientId: "~c" }, minimal: { clientId: "~c" } },
  ),
  ...sample(
    tunnelHeartbeat,
    {
      schema: gen.HeartbeatRequestSchema,
      model: { ...client, channels },
      wire: { ...client, channels: wireChannels },
      minimal: { ...client, channels: [] },
    },
    { schema: gen.HeartbeatResponseSchema, model: { channels }, wire: { channels: wireChannels }, minimal: { channels: [] } },
  ),
  ...sample(
    tunnelShutdown,
    { schema: gen.ShutdownRequestSchema, model: client, wire: client, minimal: client },
    { schema: gen.ShutdownResponseSchema, ...nothing },
  ),
  ...sample(
    tunnelGetCheckpoint,
    { schema: gen.GetCheckpointRequestSchema, model: channel, wire: channel, minimal: channel },
    {
      schema: gen.GetCheckpointResponseSchema,
      model: { checkpoint: "~finished", sequenceNumber: 9n },
      wire: { checkpoint: "~finished", sequenceNumber: 9n },
      minimal: { checkpoint: "", sequenceNumber: 0n },
    },
  ),
  ...sample(
    tunnelReadRecords,
    {
      schema: gen.ReadRecordsRequestSchema,
      model: { ...channel, token: "~token" },
      wire: { ...channel, token: "~token" },
      minimal: { ...channel, token: "" },
    },
    {
      schema: gen.ReadRecordsResponseSchema,
      model: { records, nextToken: "~next", mayMoreRecord: false },
      wire: { records: wireRecords, nextToken: "~next", mayMoreRecord: false },
      minimal: { records: [], nextToken: "" },
    },
  ),
  ...sample(
    tunnelCheckpoint,
    {
      schema: gen.CheckpointRequestSchema,
      model: { ...channel, checkpoint: "~c", sequenceNumber: -1n },
      wire: { ...channel, checkpoint: "~c", sequenceNumber: -1n },
      minimal: { ...channel, checkpoint: "", sequenceNumber: 0n },
    },
    { schema: gen.CheckpointResponseSchema, ...nothing },
  ),
  ...sample(
    tunnelGetRpo,
    { schema: gen.GetRpoRequestSchema, model: rpo, wire: { ...rpo, limit: 7n }, minimal: {} },
    { schema: gen.GetRpoResponseSchema, model: rpoAnswer, wire: rpoAnswer, minimal: {} },
  ),
  ...sample(
    tunnelGetRpoByOffset,
    { schema: gen.GetRpoRequestSchema, model: rpo, wire: { ...rpo, limit: 7n }, minimal: {} },
    { schema: gen.GetRpoResponseSchema, model: rpoAnswer, wire: rpoAnswer, minimal: {} },
  ),
  ...sample(
    tunnelSchedule,
    {
      schema: gen.ScheduleRequestSchema,
      model: { tunnelId: "~id", channels },
      wire: { tunnelId: "~id", channels: wireChannels },
      minimal: { tunnelId: "~id", channels: [] },
    },
    { schema: gen.ScheduleResponseSchema, ...nothing },
  ),
];
