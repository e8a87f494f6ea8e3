import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";

/** `npm run generate`: makes src/wire/gen from the .proto files beside this script. Takes another output folder as argument. */
const root = resolve(import.meta.dirname, "../../..");
const tools = join(root, "node_modules/.bin");
const args = ["generate", "src/wire/proto", "--template", "src/wire/buf.gen.yaml", "--output", process.argv[2] ?? "."];
const run = spawnSync(join(tools, "buf"), args, {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, PATH: `${tools}:${process.env["PATH"]}` },
});
process.exitCode = run.status ?? 1;
