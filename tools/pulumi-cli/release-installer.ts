/** Run by release.ts: `node release-installer.ts ROOT VERSION` installs the official CLI below ROOT. */
import { createRequire } from "node:module";
import { PulumiCommand } from "@pulumi/pulumi/automation/index.js";

const [root, version] = process.argv.slice(2);
if (root === undefined || version === undefined) throw new Error("usage: release-installer ROOT VERSION");
// The version must be an object of the very semver copy that the SDK checks it with.
const sdk = createRequire(createRequire(import.meta.url).resolve("@pulumi/pulumi/package.json"));
const semver = sdk("semver") as typeof import("semver");
await PulumiCommand.install({ root, version: new semver.SemVer(version) });
