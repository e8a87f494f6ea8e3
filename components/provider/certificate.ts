import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { library } from "./library.ts";

/** The fingerprint of the key that signed a certificate; empty without a certificate. @throws when what was written does not hold */
export async function signerOf(folder: string, certificate: string): Promise<string> {
  if (certificate === "") return "";
  const { checkCertificate, TableferryError } = await library();
  const { valid, reasons, certificate: body } = checkCertificate(await readFile(resolve(folder, certificate)));
  if (!valid || body === undefined)
    throw new TableferryError("TF_INTERNAL", { message: `the certificate does not hold: ${reasons.join("; ")}`, place: certificate });
  return body.signer.fingerprint;
}
