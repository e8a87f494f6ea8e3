import type { MigrationResult } from "../../src/index.ts";
import { signerOf } from "./certificate.ts";
import type { Properties, Subject } from "./handlers.ts";
import { byteText, count } from "./live-progress.ts";
import { jobHandlers } from "./job-handlers.ts";
import type { JobUnfinished } from "./job-run.ts";

/** A copy, its proof and its certificate. */
export const migrationHandlers = jobHandlers("migration", {
  async outputsOf(result, subject) {
    const { rowsWritten: rows, bytesRead: bytes, rejects: rejectedRows, seconds } = result as MigrationResult;
    return { rows, bytes, rejectedRows, seconds, ...(await proofOf(result as MigrationResult, subject)) };
  },
  summaryOf(outputs) {
    const [rows, seconds] = [Number(outputs["rows"]), Number(outputs["seconds"])];
    const proof = outputs["digest"] === "" ? "not verified" : "verified, all rows equal";
    return `${count(rows)} rows, ${byteText(Number(outputs["bytes"]))} in ${seconds.toFixed(1)} s, ${count(Number(outputs["rejectedRows"]))} rejected; ${proof}`;
  },
  async unfinishedOf(error, subject) {
    const { rowsWritten: rows = 0, bytesRead: bytes = 0, rejects: rejectedRows = 0, seconds = 0 } = error.progress ?? {};
    return { rows, bytes, rejectedRows, seconds, ...(await proofOf(error, subject)) };
  },
});

async function proofOf({ verification }: MigrationResult | JobUnfinished, { folder }: Subject): Promise<Properties> {
  const { targetDigest: digest = "", certificate = "" } = verification ?? {};
  return { digest, certificate, certificateFingerprint: await signerOf(folder, certificate) };
}
