import type * as pulumi from "@pulumi/pulumi";
import { ByText } from "./by-text.ts";
import type { StoreReference } from "./embedded-store.ts";

export interface StoredInstanceArgs {
  readonly store: StoreReference;
  readonly instanceName: pulumi.Input<string> | undefined;
  readonly deleteData: pulumi.Input<boolean> | undefined;
}

/** An instance on an embedded store, as the component `Instance` makes it. */
export class StoredInstance extends ByText {
  declare readonly instanceName: pulumi.Output<string>;
  declare readonly endpoint: pulumi.Output<string>;
  declare readonly keysFile: pulumi.Output<string>;
  declare readonly storeId: pulumi.Output<string>;

  constructor(name: string, { store, instanceName, deleteData }: StoredInstanceArgs, opts: pulumi.CustomResourceOptions, thing: string) {
    const { endpoint, keysFile, storeId } = store;
    super("instance", name, { endpoint, keysFile, storeId, instanceName, deleteData }, ["instanceName", "storeId"], opts, thing);
  }
}
