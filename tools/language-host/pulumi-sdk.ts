import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/** The parts of `@pulumi/pulumi` that a language host needs, all from one installed copy. */
export interface PulumiSdk {
  readonly grpc: typeof import("@grpc/grpc-js");
  readonly service: typeof import("@pulumi/pulumi/proto/language_grpc_pb.js");
  readonly messages: typeof import("@pulumi/pulumi/proto/language_pb.js");
  readonly plugin: typeof import("@pulumi/pulumi/proto/plugin_pb.js");
  readonly empty: typeof import("google-protobuf/google/protobuf/empty_pb.js");
  readonly version: string;
}

/**
 * Loads the SDK from the first folder from which `@pulumi/pulumi` resolves. The host runs from a cache folder outside
 * every project, so nothing of it may be imported statically.
 *
 * @throws Error when no folder has it; the message says where was looked and what to do.
 */
export function loadSdk(folders: readonly string[]): PulumiSdk {
  for (const folder of folders) {
    const manifest = resolveFrom(folder, "@pulumi/pulumi/package.json");
    if (manifest === undefined) continue;
    // gRPC and protobuf must be the copies the SDK itself loads, wherever the package manager put them.
    const load = createRequire(manifest);
    return {
      grpc: load("@grpc/grpc-js") as PulumiSdk["grpc"],
      service: load("@pulumi/pulumi/proto/language_grpc_pb.js") as PulumiSdk["service"],
      messages: load("@pulumi/pulumi/proto/language_pb.js") as PulumiSdk["messages"],
      plugin: load("@pulumi/pulumi/proto/plugin_pb.js") as PulumiSdk["plugin"],
      empty: load("google-protobuf/google/protobuf/empty_pb.js") as PulumiSdk["empty"],
      version: (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version,
    };
  }
  throw new Error(`@pulumi/pulumi was not found from ${folders.join(" or ")}: run "npm install" in the project`);
}

/** Where a module lies as seen from a folder, as `node` run in that folder would find it. */
export function resolveFrom(folder: string, module: string): string | undefined {
  try {
    return createRequire(join(folder, "_")).resolve(module);
  } catch {
    return undefined;
  }
}
