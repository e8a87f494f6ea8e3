import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { projectFolder } from "./project-folder.ts";
import { stopRequestFile } from "./stop-request.ts";

/** Says to the language host that there is nothing more to report. */
const BAIL_EXIT_CODE = 32;

const requests = new Set<string>();
let listening = false;

/**
 * Makes Ctrl-C stop the resource's run at its next checkpoint. At Ctrl-C the engine starts nothing more, waits without limit for what is
 * under way, and tells a dynamic provider nothing; but the program gets the signal, and leaves word in the run's stop request file.
 * Then it ends at once: what is under way goes on without it, and a program that stays costs five seconds.
 * Not in previews, where nothing runs, and not in inline programs, whose process is the user's own.
 */
export function stopAtInterrupt(urn: pulumi.Output<string>): void {
  if (pulumi.runtime.isDryRun() || !isProgramProcess()) return;
  const folder = projectFolder();
  urn.apply((known) => requests.add(stopRequestFile(folder, known)));
  if (!listening) process.on("SIGINT", leave);
  listening = true;
}

function isProgramProcess(): boolean {
  return /[\\/]cmd[\\/]run([\\/]|$)/.test(process.argv[1] ?? "");
}

function leave(): void {
  for (const file of requests) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, "stop at the next checkpoint\n");
  }
  // Whoever else listens has its own idea of how to end.
  if (process.listenerCount("SIGINT") === 1) process.exit(BAIL_EXIT_CODE);
}
