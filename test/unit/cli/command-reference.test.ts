import { join } from "node:path";
import { expect, test } from "vitest";
import { commandReference } from "../../../src/cli/render/command-reference.ts";

/** The page is written anew by `vitest -u`; without it a page that has fallen behind fails here. */
test("the reference page says what the tables say", async () => {
  await expect(commandReference()).toMatchFileSnapshot(join(import.meta.dirname, "../../../docs/reference.md"));
});
