import type { VerificationResult } from "../../src/index.ts";
import { signerOf } from "./certificate.ts";
import type { Properties, Subject } from "./handlers.ts";
import { count } from "./live-progress.ts";
import { jobHandlers } from "./job-handlers.ts";

/** A comparison of two sides and its certificate. */
export const verificationHandlers = jobHandlers("verification", {
  outputsOf: (result, subject) => outputsOf(result as VerificationResult, subject),
  summaryOf: ({ equal, sourceRows, differenceCount }) =>
    equal === true ? `equal: ${count(Number(sourceRows))} rows on either side` : `${count(Number(differenceCount))} rows differ`,
  unfinishedOf: ({ verification }, subject) => outputsOf(verification ?? nothingFound, subject),
});

type Recorded = Pick<
  VerificationResult,
  "equal" | "sourceRows" | "targetRows" | "sourceDigest" | "targetDigest" | "differenceCount" | "seconds" | "certificate"
>;

const nothingFound: Recorded = {
  equal: false,
  sourceRows: 0,
  targetRows: 0,
  sourceDigest: "",
  targetDigest: "",
  differenceCount: 0,
  seconds: 0,
};

async function outputsOf(found: Recorded, { folder }: Subject): Promise<Properties> {
  const { equal, sourceRows, targetRows, sourceDigest, targetDigest, differenceCount, seconds, certificate = "" } = found;
  const digests = { sourceDigest, targetDigest, differenceCount };
  return { equal, sourceRows, targetRows, ...digests, seconds, certificate, certificateFingerprint: await signerOf(folder, certificate) };
}
