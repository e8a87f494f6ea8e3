/** `npm run generate:support`: writes the support matrix of docs/embedded-store.md anew. */
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { answers } from "../src/server/answers.ts";
import { calls } from "../src/server/control-plane/calls.ts";
import { withSupportMatrix } from "./support-matrix.ts";

const page = resolve(import.meta.dirname, "../docs/embedded-store.md");
writeFileSync(page, withSupportMatrix(readFileSync(page, "utf8"), new Set([...Object.keys(answers), ...Object.keys(calls)])));
