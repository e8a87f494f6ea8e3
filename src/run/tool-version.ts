import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

/** This package's version, for certificates. */
export function toolVersion(): string {
  const path = createRequire(import.meta.url).resolve("tableferry/package.json");
  const manifest: unknown = JSON.parse(readFileSync(path, "utf8"));
  return typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : "unknown";
}
