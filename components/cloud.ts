import { createRequire } from "node:module";
import type * as ots from "@pulumi/alicloud/ots/index.js";
import * as pulumi from "@pulumi/pulumi";

/**
 * Alibaba Cloud's Table Store resources. Loaded when a program first declares something in the cloud: the package is optional, and
 * only this part of it is loaded (10 ms; its root takes 130).
 */
export function cloudResources(): typeof ots {
  try {
    const loaded: typeof ots = createRequire(import.meta.url)("@pulumi/alicloud/ots/index.js");
    return loaded;
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new pulumi.RunError(
      `instances and tables in the cloud need the package @pulumi/alicloud: run \`npm install @pulumi/alicloud\` (${reason})`,
    );
  }
}
