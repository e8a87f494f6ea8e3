import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { faultPointFrom } from "../../../src/base/fault-point.ts";

test("there is no hook without the variable", () => {
  expect(faultPointFrom({})).toBeUndefined();
});

test("the process kills itself at the named passing and not before", () => {
  const module = JSON.stringify(resolve("src/base/fault-point.ts"));
  const program = `import { faultPointFrom } from ${module};
    const at = faultPointFrom(process.env);
    for (const name of ["scan", "checkpoint", "checkpoint", "checkpoint"]) { at(name); console.log(name); }`;
  const run = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    env: { ...process.env, TABLEFERRY_FAULT: "checkpoint:2" },
    encoding: "utf8",
  });
  expect(run.signal).toBe("SIGKILL");
  expect(run.stdout).toBe("scan\ncheckpoint\n");
});
