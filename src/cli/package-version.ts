import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

/** From the package itself, which lies at different depths as source and as compiled. */
export function packageVersion(): string {
  const require = createRequire(import.meta.url);
  const manifest: unknown = JSON.parse(readFileSync(require.resolve("tableferry/package.json"), "utf8"));
  return typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : "unknown";
}
