import { join } from "node:path";
import type { VerificationResult } from "../job/result.ts";
import { signCertificate, writeCertificate, type CertificateBody } from "./certificate.ts";
import type { FirstPass } from "./first-pass.ts";
import type { Sides } from "./sides.ts";
import { openSigningKey } from "./signing-key.ts";
import type { VerificationInput } from "./verification-input.ts";

export type Consistency = CertificateBody["consistency"];

/** Signs and writes the certificate of a result, whatever the result. Gives the path, relative to the job's folder, or undefined where the job wants none. */
export async function certify(
  input: VerificationInput,
  sides: Sides,
  first: Pick<FirstPass, "begun" | "resumed">,
  result: VerificationResult,
  consistency: Consistency,
): Promise<string | undefined> {
  const { verify, context, job } = input;
  if (verify.certificate === false) return undefined;
  const path = verify.certificate ?? `.tableferry/certificates/${job}.json`;
  const keyPath = verify.signingKey ?? ".tableferry/signing-key.pem";
  const key = await openSigningKey(join(context.folder, keyPath), context.chance, context.note);
  const text = signCertificate(bodyOf(input, sides, first, result, consistency), key);
  input.fault?.("certificate");
  await writeCertificate(join(context.folder, path), text, context.chance.id());
  return path;
}

function bodyOf(
  input: VerificationInput,
  sides: Sides,
  first: Pick<FirstPass, "begun" | "resumed">,
  result: VerificationResult,
  consistency: Consistency,
): Omit<CertificateBody, "signer"> {
  const side = ({ title, incarnation }: Sides["source"], rows: number, digest: string) => ({ title, incarnation, rows, digest });
  return {
    format: "tableferry-certificate",
    version: 1,
    job: input.job,
    verdict: result.equal ? "equal" : result.differenceCount > result.unsettled ? "different" : "unsettled",
    consistency,
    coverage: result.coverage,
    versions: input.scope.versions,
    source: side(sides.source, result.sourceRows, result.sourceDigest),
    target: side(sides.target, result.targetRows, result.targetDigest),
    mapping: input.mapping?.hash ?? null,
    counts: {
      rejected: result.rejectedRows,
      filtered: result.filteredRows,
      differences: result.differenceCount,
      unsettled: result.unsettled,
    },
    digest: "tableferry-digest-1",
    positions: input.stream?.positions() ?? {},
    time: { begun: new Date(first.begun).toISOString(), ended: new Date(input.context.clock.now()).toISOString(), resumed: first.resumed },
    tool: { name: "tableferry", version: input.toolVersion },
  };
}
