import * as pulumi from "@pulumi/pulumi";
import type { EndpointInput } from "../src/index.ts";
import type { Inputs } from "./by-text.ts";
import { cloudResources } from "./cloud.ts";
import { retained, type Instance } from "./instance.ts";
import type { Placed } from "./place.ts";
import { StoredTable } from "./stored-table.ts";

export interface TableKeyColumn {
  readonly name: string;
  readonly type: "string" | "integer" | "binary";
}

export interface TableArgs {
  readonly instance: Instance;
  /** Default: the resource's name. */
  readonly tableName?: pulumi.Input<string> | undefined;
  /** One to four columns, in order. A table's key never changes: another key is another table. */
  readonly primaryKey: Inputs<readonly TableKeyColumn[]>;
  /** Seconds a cell lives, at least 86,400; default: for ever. */
  readonly timeToLiveSeconds?: pulumi.Input<number> | undefined;
  /** Versions kept of each cell; default 1. */
  readonly maxVersions?: pulumi.Input<number> | undefined;
  /** How far a written timestamp may lie from the server's clock; default 86,400. */
  readonly maxDeviationSeconds?: pulumi.Input<number> | undefined;
  /** Takes over a table that is there already and holds rows, if its key is the one declared. In the cloud, names must then be plain. */
  readonly adopt?: boolean | undefined;
  /** `pulumi destroy` deletes the table with its rows. Default false: it stays. */
  readonly deleteData?: pulumi.Input<boolean> | undefined;
}

/**
 * A table, made through the data plane on an embedded store and by @pulumi/alicloud in the cloud. Rows are never deleted unless
 * `deleteData` asks for it by name.
 *
 * @example
 * const orders = new Table("orders", { instance: modern, primaryKey: [{ name: "customer", type: "string" }] });
 */
export class Table extends pulumi.ComponentResource implements Placed {
  declare readonly instance: Instance;
  declare readonly tableName: pulumi.Output<string>;
  /** The table as a side of a job. */
  declare readonly place: pulumi.Output<EndpointInput>;
  declare readonly incarnation: pulumi.Output<string> | undefined;

  constructor(name: string, args: TableArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tableferry:index:Table", name, { ...args, instance: args.instance.instanceName }, opts);
    const { instance } = args;
    this.instance = instance;
    if (instance.home === "embedded") {
      const stored = storedTable(name, args, this);
      this.tableName = stored.tableName;
      this.incarnation = stored.incarnation;
    } else {
      this.tableName = cloudTable(name, args, this).tableName;
    }
    this.place = tablePlace(instance, this.tableName);
    this.registerOutputs({ tableName: this.tableName });
  }
}

/** A table of an instance as a side of a job. */
export function tablePlace(instance: Instance, tableName: pulumi.Input<string>): pulumi.Output<EndpointInput> {
  return pulumi
    .all([instance.endpoint, instance.instanceName, tableName, instance.credentials])
    .apply(([endpoint, instanceName, table, credentials]): EndpointInput => ({
      type: "table-store",
      endpoint,
      instance: instanceName,
      table,
      credentials,
    }));
}

function storedTable(name: string, args: TableArgs, parent: Table): StoredTable {
  const { instance, tableName, primaryKey, timeToLiveSeconds, maxVersions, maxDeviationSeconds, adopt, deleteData } = args;
  const { endpoint, instanceName, credentials, storeId } = instance;
  const where = { endpoint, instanceName, credentials, storeId, tableName };
  return new StoredTable(
    `${name}-table`,
    { ...where, primaryKey, timeToLiveSeconds, maxVersions, maxDeviationSeconds, adopt, deleteData },
    { parent },
    name,
  );
}

const cloudKeyType = { string: "String", integer: "Integer", binary: "Binary" } as const;

function cloudTable(name: string, args: TableArgs, parent: Table): { readonly tableName: pulumi.Output<string> } {
  const { Table: CloudTable } = cloudResources();
  const keys = pulumi
    .output(args.primaryKey)
    .apply((columns) => columns.map((column) => ({ name: column.name, type: cloudKeyType[column.type] })));
  const deviation = args.maxDeviationSeconds;
  return new CloudTable(
    `${name}-table`,
    {
      instanceName: args.instance.instanceName,
      tableName: args.tableName ?? name,
      primaryKeys: keys,
      timeToLive: args.timeToLiveSeconds ?? -1,
      maxVersion: args.maxVersions ?? 1,
      deviationCellVersionInSec: deviation === undefined ? undefined : pulumi.output(deviation).apply(String),
    },
    { parent, retainOnDelete: retained(args.deleteData), ...(args.adopt === true ? { import: importId(name, args) } : {}) },
  );
}

function importId(name: string, { instance, tableName = name }: TableArgs): string {
  if (instance.plainName === undefined || typeof tableName !== "string") {
    throw new pulumi.RunError(
      `table ${name}: to adopt a table in the cloud, write instanceName and tableName as plain text: Pulumi imports by a name it knows beforehand`,
    );
  }
  return `${instance.plainName}:${tableName}`;
}
