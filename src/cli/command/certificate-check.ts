import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { TableferryError, toError } from "../../base/error.ts";
import { checkCertificate, type CertificateBody, type CheckedCertificate } from "../../verify/certificate.ts";
import { exitCodes } from "../exit-code.ts";
import type { Command, Invocation } from "../invocation.ts";
import { count, counted } from "../render/amounts.ts";
import { facts } from "../render/grid.ts";
import { plainText } from "../render/plain-text.ts";

export const certificateCheck: Command = {
  run: async (invocation) => {
    const file = invocation.arg(0);
    const bytes = await read(invocation, file, "certificate");
    const checked = checkCertificate(bytes, { publicKey: await expectedKey(invocation) });
    const holds = checked.valid && checked.certificate?.verdict === "equal";
    await invocation.reply({ file, ...checked, holds }, () => lines(invocation, file, checked));
    return holds ? exitCodes.ok : exitCodes.different;
  },
};

/** A fingerprint or a PEM text as it stands, else the content of a file. */
async function expectedKey(invocation: Invocation): Promise<string | undefined> {
  const given = invocation.text("publicKey");
  if (given === undefined || given.startsWith("SHA256:") || given.startsWith("-----BEGIN")) return given;
  return (await read(invocation, given, "public key")).toString();
}

async function read(invocation: Invocation, file: string, what: string): Promise<Buffer> {
  try {
    return await readFile(resolve(invocation.surroundings.folder, file));
  } catch (error) {
    const message = `the ${what} cannot be read: ${toError(error).message.replace(/, (open|read).*$/, "")}`;
    throw new TableferryError("TF_USAGE", {
      message,
      place: file,
      wayOut: "Correct the path; relative ones resolve from where you stand.",
      cause: error,
    });
  }
}

function lines({ terminal }: Invocation, file: string, { valid, reasons, certificate }: CheckedCertificate): string[] {
  const { paint } = terminal;
  if (certificate === undefined) return [`${paint.red("✗")} ${plainText(file)}: ${reasons.join("; ")}`];
  const title = valid
    ? `${paint.green("✓")} ${plainText(file)}: as it was signed`
    : `${paint.red("✗")} ${plainText(file)}: does not hold, believe nothing of it`;
  return [title, ...reasons.map((reason) => `  ${plainText(reason)}`), ...(valid ? bodyLines(certificate, paint) : [])];
}

const verdicts: Readonly<Record<CertificateBody["verdict"], string>> = {
  equal: "equal",
  different: "NOT equal",
  unsettled: "NOT settled: rows changed too often to be compared",
};

const consistencies: Readonly<Record<CertificateBody["consistency"], string>> = {
  quiescent: "both sides at rest",
  live: "while the source was written and its stream applied",
  fuzzy: "while the source may have been written, without a stream",
};

function bodyLines(body: CertificateBody, paint: Invocation["terminal"]["paint"]): string[] {
  const { counts, signer, time } = body;
  const same = body.source.digest === body.target.digest;
  const pairs: (readonly [string, string | undefined])[] = [
    ["job", body.job],
    ["verdict", `${verdicts[body.verdict]}, ${consistencies[body.consistency]}`],
    ["coverage", body.coverage.kind === "all" ? "all rows" : body.coverage.text],
    ["source", `${body.source.title}, ${counted(body.source.rows, "row")}`],
    ["target", `${body.target.title}, ${counted(body.target.rows, "row")}`],
    [
      "left out",
      counts.rejected + counts.filtered === 0 ? undefined : `${count(counts.rejected)} rejected, ${count(counts.filtered)} filtered`,
    ],
    ["differences", counts.differences === 0 ? undefined : count(counts.differences)],
    [same ? "digest" : "digest source", body.source.digest],
    ["digest target", same ? undefined : body.target.digest],
    ["time", `${time.begun} to ${time.ended}`],
    ["signed by", `${signer.fingerprint}${signer.origin === "self-made" ? ", a key that tableferry made itself" : ""}`],
  ];
  const remark = "A self-made key proves that nothing was altered, not who signed. Compare its fingerprint, or give --public-key.";
  return [
    ...facts(
      pairs.map(([label, text]) => [label, text === undefined ? undefined : plainText(text)] as const),
      paint,
    ),
    ...(signer.origin === "self-made" ? ["", paint.dim(remark)] : []),
  ];
}
