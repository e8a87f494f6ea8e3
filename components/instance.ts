import * as pulumi from "@pulumi/pulumi";
import type { CredentialReference } from "../src/index.ts";
import { known, type Inputs } from "./by-text.ts";
import { cloudResources } from "./cloud.ts";
import type { StoreReference } from "./embedded-store.ts";
import { StoredInstance } from "./stored-instance.ts";

/** An instance on an embedded store. */
export interface EmbeddedInstanceArgs {
  readonly store: StoreReference;
  /** Default: the resource's name. */
  readonly instanceName?: pulumi.Input<string> | undefined;
  /** `pulumi destroy` deletes the instance with all its tables. Default false: it stays. */
  readonly deleteData?: pulumi.Input<boolean> | undefined;
}

/** An instance of Alibaba Cloud, provisioned by @pulumi/alicloud. */
export interface CloudInstanceArgs {
  /** For example `cn-hangzhou`; must be the region of the alicloud provider in use. */
  readonly region: pulumi.Input<string>;
  readonly instanceName?: pulumi.Input<string> | undefined;
  /** Which domain jobs use: `internet` (default), or `vpc` where they run inside the region. */
  readonly network?: pulumi.Input<"internet" | "vpc"> | undefined;
  /** How jobs find access keys when they run; never keys. Default: Alibaba Cloud's own chain. */
  readonly credentials?: Inputs<CredentialReference> | undefined;
  /** `pulumi destroy` deletes the instance. Default false: it is retained. */
  readonly deleteData?: pulumi.Input<boolean> | undefined;
  readonly instanceType?: pulumi.Input<"Capacity" | "HighPerformance"> | undefined;
  readonly description?: pulumi.Input<string> | undefined;
  readonly tags?: Inputs<Record<string, string>> | undefined;
}

export type InstanceArgs = EmbeddedInstanceArgs | CloudInstanceArgs;

/**
 * A Table Store instance, on an embedded store or in the cloud; tables and jobs on it are declared alike.
 *
 * @example
 * const legacy = new Instance("legacy", { store });                     // on the laptop
 * const modern = new Instance("modern", { region: "cn-hangzhou" });     // in the cloud
 */
export class Instance extends pulumi.ComponentResource {
  declare readonly home: "embedded" | "cloud";
  declare readonly instanceName: pulumi.Output<string>;
  /** `http(s)://…`, which jobs and SDKs connect to. */
  declare readonly endpoint: pulumi.Output<string>;
  /** Where access keys are found at run time. */
  declare readonly credentials: pulumi.Output<CredentialReference>;
  /** Of the embedded store; undefined in the cloud. */
  declare readonly storeId: pulumi.Output<string | undefined>;
  /** The name where it is known without Pulumi's help; an import in the cloud needs it. */
  declare readonly plainName: string | undefined;

  constructor(name: string, args: InstanceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tableferry:index:Instance", name, { ...args }, opts);
    this.plainName = args.instanceName === undefined ? name : typeof args.instanceName === "string" ? args.instanceName : undefined;
    if ("store" in args) {
      this.home = "embedded";
      const { store, instanceName, deleteData } = args;
      const stored = new StoredInstance(`${name}-instance`, { store, instanceName, deleteData }, { parent: this }, name);
      this.instanceName = stored.instanceName;
      this.endpoint = stored.endpoint;
      this.credentials = stored.keysFile.apply((file) => ({ file }));
      this.storeId = stored.storeId;
    } else {
      this.home = "cloud";
      const made = cloudInstance(name, args, this);
      this.instanceName = made.name;
      this.endpoint = pulumi.all([made.name, args.region, args.network ?? "internet"]).apply(cloudEndpoint);
      this.credentials = known<CredentialReference>(args.credentials ?? { chain: true });
      this.storeId = pulumi.output<string | undefined>(undefined);
    }
    this.registerOutputs({ instanceName: this.instanceName, endpoint: this.endpoint });
  }
}

function cloudInstance(name: string, args: CloudInstanceArgs, parent: Instance): { readonly name: pulumi.Output<string> } {
  const { Instance: CloudInstance } = cloudResources();
  const options: pulumi.CustomResourceOptions = { parent, retainOnDelete: retained(args.deleteData) };
  const { instanceType, description, tags } = args;
  return new CloudInstance(`${name}-instance`, { name: args.instanceName ?? name, instanceType, description, tags }, options);
}

/** An option of the engine must be plain; an Output would come too late to decide it, so then the data is kept. */
export function retained(deleteData: pulumi.Input<boolean> | undefined): boolean {
  return deleteData !== true;
}

function cloudEndpoint([name, region, network]: [string, string, "internet" | "vpc"]): string {
  return network === "vpc" ? `https://${name}.${region}.vpc.tablestore.aliyuncs.com` : `https://${name}.${region}.ots.aliyuncs.com`;
}
