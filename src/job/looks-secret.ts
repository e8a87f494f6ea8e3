/** A place in a specification, outermost first. */
export type FieldPath = readonly (string | number)[];

const accessKeyId = /\b(LTAI|STS\.)[A-Za-z0-9]{12,}/;
const privateKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;
const passwordInUrl = /^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]+:[^/\s@]+@/i;
/** An access key secret: 30 letters and digits without any structure. Values of rows may look so by chance, see `rowValues`. */
const accessKeySecret = /^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[A-Za-z0-9]{30}$/;
const rowValues = new Set(["range", "filter", "mapping"]);
const secretName = /secret|password|passphrase|access_?key|security_?token|private_?key/i;

/** Whether a text in a specification is, by its looks, an access key, a private key or a URL with a password in it. */
export function looksSecret(text: string, path: FieldPath = []): boolean {
  if (accessKeyId.test(text) || privateKey.test(text) || passwordInUrl.test(text)) return true;
  return accessKeySecret.test(text) && !rowValues.has(String(path[0]));
}

/** Whether a field of this name would hold a secret. */
export function namesSecret(field: string): boolean {
  return secretName.test(field);
}

/** Where texts that look like secrets stand in a value. */
export function secretPaths(value: unknown, path: FieldPath = []): FieldPath[] {
  if (typeof value === "string") return looksSecret(value, path) ? [path] : [];
  if (typeof value !== "object" || value === null) return [];
  const steps: readonly (readonly [string | number, unknown])[] = Array.isArray(value)
    ? value.map((item, i) => [i, item] as const)
    : Object.entries(value);
  return steps.flatMap(([step, inner]) => secretPaths(inner, [...path, step]));
}
