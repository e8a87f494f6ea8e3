/** The Pulumi CLI that is fetched or built where none is found. go.mod beside this file names the same version. */
export const PULUMI_VERSION = "3.259.0";

/** From 3.229.0 the language host passes Ctrl-C on to the program, without which no run can be stopped at a checkpoint. */
export const OLDEST_PULUMI_VERSION = "3.229.0";

/** The `go` line of go.mod. */
export const OLDEST_GO_VERSION = "1.25.11";

/** Numeric parts only: "v3.259.0", "3.259.0-alpha.1" and "go1.26.8" all have three. Undefined when there are none. */
export function versionParts(text: string): readonly [number, number, number] | undefined {
  const match = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  return match === null ? undefined : [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
}

export function atLeast(version: string, oldest: string): boolean {
  const have = versionParts(version);
  const need = versionParts(oldest);
  if (have === undefined || need === undefined) return false;
  for (const [index, part] of need.entries()) {
    const difference = (have[index] ?? 0) - part;
    if (difference !== 0) return difference > 0;
  }
  return true;
}
