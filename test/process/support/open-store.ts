/** `node open-store.ts FOLDER`: opens a store as nobody where it was started as root, whom no permission stops, and says how that ended: `opened`, or the error's code. */
import { TableferryError } from "../../../src/base/error.ts";
import { openEmbeddedServer } from "../../../src/server/embedded-server.ts";
import "../../../src/store/store-folder.ts";

const NOBODY = 65_534;
if (process.getuid?.() === 0) {
  process.setgroups?.([NOBODY]);
  process.setgid?.(NOBODY);
  process.setuid?.(NOBODY);
}
try {
  await (await openEmbeddedServer({ dataDir: process.argv[2], http: false })).close();
  console.log("opened");
} catch (error) {
  console.log(error instanceof TableferryError ? error.code : String(error));
}
