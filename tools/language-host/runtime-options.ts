/** `runtime.options` of a Pulumi.yaml, as the official Node.js language host understands them. */
export interface RuntimeOptions {
  /** Compile through ts-node; false leaves TypeScript to Node's own type stripping. */
  readonly typescript: boolean;
  readonly tsconfig: string | undefined;
  /** Arguments for `node`, before the program. */
  readonly nodeArguments: readonly string[];
  readonly packageManager: string;
  /** Leave out devDependencies when installing. */
  readonly production: boolean;
}

/** @throws Error naming the option whose type is wrong. */
export function parseRuntimeOptions(options: Readonly<Record<string, unknown>>): RuntimeOptions {
  return {
    typescript: read(options, "typescript", "boolean") ?? true,
    tsconfig: read(options, "tsconfig", "string"),
    nodeArguments: splitArguments(read(options, "nodeargs", "string") ?? ""),
    packageManager: read(options, "packagemanager", "string") ?? "auto",
    production: read(options, "production", "boolean") ?? false,
  };
}

interface OptionTypes {
  boolean: boolean;
  string: string;
}

function read<T extends keyof OptionTypes>(options: Readonly<Record<string, unknown>>, name: string, type: T): OptionTypes[T] | undefined {
  const value = options[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== type) throw new Error(`runtime option "${name}" in Pulumi.yaml must be a ${type}`);
  return value as OptionTypes[T];
}

/** Splits as a POSIX shell would: blanks separate, quotes group, a backslash takes the next character as it is. */
export function splitArguments(line: string): string[] {
  const words: string[] = [];
  const word = /(?:[^\s"'\\]|\\[^]|"(?:[^"\\]|\\[^])*"|'[^']*')+/g;
  for (const [raw] of line.matchAll(word)) {
    words.push(
      raw.replace(/\\([^])|"((?:[^"\\]|\\[^])*)"|'([^']*)'/g, (_all, escaped?: string, double?: string, single?: string) => {
        if (escaped !== undefined) return escaped;
        return double === undefined ? (single ?? "") : double.replace(/\\(["\\$`])/g, "$1");
      }),
    );
  }
  return words;
}
