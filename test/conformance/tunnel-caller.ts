import type { TunnelChannel } from "../../src/wire/operation/tunnel-channel.ts";
import type { StreamTunnelConfig, TunnelType } from "../../src/wire/operation/tunnel-create.ts";
import type { Caller } from "./caller.ts";
import { recordText } from "./stream-of.ts";

export const named = { tableName: "t", tunnelName: "tunnel" };

/** A tunnel called `tunnel` on the table `t`, as its clients call it. */
export class TunnelCaller {
  readonly caller: Caller;
  readonly tunnelId: string;

  constructor(caller: Caller, tunnelId: string) {
    this.caller = caller;
    this.tunnelId = tunnelId;
  }

  /** Makes the tunnel; the table is there. */
  static async create(caller: Caller, tunnelType: TunnelType, streamConfig?: StreamTunnelConfig): Promise<TunnelCaller> {
    const { tunnelId } = await caller.call("tunnel/create", { ...named, tunnelType, streamConfig });
    return new TunnelCaller(caller, tunnelId);
  }

  async connect(timeoutSeconds?: number): Promise<string> {
    return (await this.caller.call("tunnel/connect", { tunnelId: this.tunnelId, client: { timeoutSeconds } })).clientId;
  }

  async beat(clientId: string, channels: readonly TunnelChannel[] = []): Promise<readonly TunnelChannel[]> {
    return (await this.caller.call("tunnel/heartbeat", { tunnelId: this.tunnelId, clientId, channels })).channels;
  }

  /** Reports one channel of the client with the version after its last. */
  async report(clientId: string, channelId: string, status: TunnelChannel["status"]): Promise<readonly TunnelChannel[]> {
    const { version } = (await this.beat(clientId)).find((channel) => channel.channelId === channelId)!;
    return this.beat(clientId, [{ channelId, version: version + 1n, status }]);
  }

  /** A client that has sent its first heartbeat, and the channels it got. */
  async join(): Promise<{ clientId: string; channelIds: string[] }> {
    const clientId = await this.connect();
    return { clientId, channelIds: (await this.beat(clientId)).map(({ channelId }) => channelId) };
  }

  getCheckpoint(clientId: string, channelId: string) {
    return this.caller.call("tunnel/getcheckpoint", { tunnelId: this.tunnelId, clientId, channelId });
  }

  checkpoint(clientId: string, channelId: string, checkpoint: string, sequenceNumber: bigint) {
    return this.caller.call("tunnel/checkpoint", { tunnelId: this.tunnelId, clientId, channelId, checkpoint, sequenceNumber });
  }

  read(clientId: string, channelId: string, token: string) {
    return this.caller.call("tunnel/readrecords", { tunnelId: this.tunnelId, clientId, channelId, token });
  }

  /** Reads from the checkpoint on as long as there is more: what the records say, and the token behind them. */
  async drain(clientId: string, channelId: string): Promise<{ said: string[]; token: string }> {
    let { checkpoint: token } = await this.getCheckpoint(clientId, channelId);
    const said: string[] = [];
    for (let more: boolean | undefined = true; more === true && token !== "finished";) {
      const page = await this.read(clientId, channelId, token);
      said.push(...page.records.map(recordText));
      token = page.nextToken;
      more = page.mayMoreRecord;
    }
    return { said, token };
  }

  /** Drains a channel, checkpoints its end and reports it terminated. */
  async finish(clientId: string, channelId: string): Promise<readonly TunnelChannel[]> {
    const { sequenceNumber } = await this.getCheckpoint(clientId, channelId);
    const { token } = await this.drain(clientId, channelId);
    await this.checkpoint(clientId, channelId, token, sequenceNumber + 1n);
    return this.report(clientId, channelId, "terminated");
  }

  describe() {
    return this.caller.call("tunnel/describe", named);
  }
}

/** Switches the table's stream on, or with 0 hours off. */
export async function keepStream(caller: Caller, hours: number, originColumns: readonly string[] = []): Promise<void> {
  const stream = hours === 0 ? { enabled: false } : { enabled: true, expirationHours: hours, originColumns };
  await caller.call("UpdateTable", { tableName: "t", stream });
}

export const notExist = (name: string) => ({ status: 400, code: "OTSParameterInvalid", text: `tunnel not exist: ${name}.` });
export const gone = { status: 410, code: "OTSResourceGone" };
