import * as pulumi from "@pulumi/pulumi";
import { cloudResources } from "./cloud.ts";
import { retained } from "./instance.ts";
import { StoredTunnel } from "./stored-tunnel.ts";
import type { Table } from "./table.ts";

export interface TunnelArgs {
  readonly table: Table;
  /** Default: the resource's name. */
  readonly tunnelName?: pulumi.Input<string> | undefined;
  /** `Stream` (default) hands out changes, `BaseAndStream` first the rows that are there (`initial: "base-data"`). */
  readonly type?: pulumi.Input<"Stream" | "BaseAndStream"> | undefined;
  /** Hours the table's stream keeps changes, where it is switched on for this tunnel; default 168. On embedded stores only: in the cloud the service decides. */
  readonly retentionHours?: pulumi.Input<number> | undefined;
  /** `pulumi destroy` deletes the tunnel, and with it how far its clients were. Default false: it stays. */
  readonly deleteTunnel?: pulumi.Input<boolean> | undefined;
}

/**
 * A tunnel on a table: hands its changes out to the workers of a sync. Made through the data plane on an embedded store and by @pulumi/alicloud in the cloud.
 * A `SyncJob` makes one by itself; declare it to name it, to keep it apart from the job, or to give it to clients of your own.
 *
 * @example
 * const changes = new Tunnel("order_changes", { table: legacyOrders });
 * new SyncJob("orders", { source: legacyOrders, target: orders, tunnel: changes });
 */
export class Tunnel extends pulumi.ComponentResource {
  declare readonly tunnelName: pulumi.Output<string>;
  declare readonly tunnelId: pulumi.Output<string>;

  constructor(name: string, args: TunnelArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tableferry:index:Tunnel", name, { ...args, table: args.table.tableName }, opts);
    const made = args.table.instance.home === "embedded" ? storedTunnel(name, args, this) : cloudTunnel(name, args, this);
    this.tunnelName = made.tunnelName;
    this.tunnelId = made.tunnelId;
    this.registerOutputs({ tunnelName: this.tunnelName, tunnelId: this.tunnelId });
  }
}

type Made = Pick<Tunnel, "tunnelName" | "tunnelId">;

function storedTunnel(name: string, { table, tunnelName, type, retentionHours, deleteTunnel }: TunnelArgs, parent: Tunnel): Made {
  const { endpoint, instanceName, credentials } = table.instance;
  const where = { endpoint, instanceName, credentials, tableName: table.tableName, incarnation: table.incarnation };
  return new StoredTunnel(`${name}-tunnel`, { ...where, tunnelName, type, retentionHours, deleteTunnel }, { parent }, name);
}

function cloudTunnel(name: string, { table, tunnelName = name, type = "Stream", deleteTunnel }: TunnelArgs, parent: Tunnel): Made {
  const { Tunnel: CloudTunnel } = cloudResources();
  const { instanceName } = table.instance;
  return new CloudTunnel(
    `${name}-tunnel`,
    { instanceName, tableName: table.tableName, tunnelName, tunnelType: type },
    { parent, retainOnDelete: retained(deleteTunnel) },
  );
}
