import type * as pulumi from "@pulumi/pulumi";
import type { CredentialReference } from "../src/index.ts";
import { ByText } from "./by-text.ts";

export interface StoredTunnelArgs {
  readonly endpoint: pulumi.Input<string>;
  readonly instanceName: pulumi.Input<string>;
  readonly credentials: pulumi.Input<CredentialReference>;
  readonly tableName: pulumi.Input<string>;
  /** Of the table. */
  readonly incarnation: pulumi.Input<string> | undefined;
  readonly tunnelName: pulumi.Input<string> | undefined;
  readonly type: pulumi.Input<"Stream" | "BaseAndStream"> | undefined;
  readonly retentionHours: pulumi.Input<number> | undefined;
  readonly deleteTunnel: pulumi.Input<boolean> | undefined;
}

/** A tunnel made through the data plane, as the component `Tunnel` makes it on embedded stores. */
export class StoredTunnel extends ByText {
  declare readonly tunnelName: pulumi.Output<string>;
  declare readonly tunnelId: pulumi.Output<string>;

  constructor(name: string, args: StoredTunnelArgs, opts: pulumi.CustomResourceOptions, thing: string) {
    super("tunnel", name, args, ["tunnelName", "tunnelId"], opts, thing);
  }
}
