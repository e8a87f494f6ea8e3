import * as pulumi from "@pulumi/pulumi";
import { isPlain, toStruct } from "./struct.ts";

/** The resources that tableferry's own provider makes; each is an export of `tableferry/provider`. */
export type Kind = "embeddedStore" | "instance" | "table" | "tunnel" | "migration" | "verification" | "syncJob" | "cutover";

/** Deep inputs: a value, or an Output or Promise of it, at every leaf and at every branch. */
export type Inputs<T> = pulumi.Input<
  T extends readonly (infer Item)[] ? readonly Inputs<Item>[] : T extends object ? { readonly [Field in keyof T]: Inputs<T[Field]> } : T
>;

/** The value of deep inputs once all of them are known. */
export function known<T>(inputs: Inputs<T>): pulumi.Output<T> {
  return pulumi.output<unknown>(inputs) as pulumi.Output<T>;
}

/** What the provider is told beside the inputs. The name begins as Pulumi's own internal keys do, so that no plan shows it. */
export interface Self {
  /** For progress and messages on the resource's row. A top-level input of the name `urn` would be dropped silently. */
  readonly urn: string;
  /** What a thing is called that the program does not name; check keeps the first for good. */
  readonly name?: string | undefined;
  /** Whether check is called for a preview. */
  readonly dryRun?: boolean | undefined;
}

/**
 * A dynamic resource whose provider stands in the state by reference: a line of text that loads the installed package, instead of
 * serialised code. So a new version's code serves resources made by older ones, and nothing the provider holds reaches the state.
 */
export abstract class ByText extends pulumi.CustomResource {
  /**
   * @param outputs names of what the provider adds to the inputs
   * @param thing what the thing is called where the inputs leave it open
   */
  protected constructor(
    kind: Kind,
    name: string,
    inputs: object,
    outputs: readonly string[],
    opts: pulumi.CustomResourceOptions = {},
    thing = name,
  ) {
    requireNode();
    const type = typeToken(kind);
    const self: pulumi.Inputs = { urn: urnOf(kind, name, opts), name: thing, dryRun: pulumi.runtime.isDryRun() };
    const added = Object.fromEntries(outputs.map((output) => [output, undefined]));
    super(type, name, { ...added, ...storable(inputs, name), __self: self, __provider: providerText(kind) }, opts);
  }
}

/** The provider is loaded by an older Node too, and would then fail in words that help nobody. */
function requireNode(): void {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 18)) return;
  throw new pulumi.RunError(
    `TF_NODE_TOO_OLD: tableferry needs Node 22.18 or newer, this program runs on ${process.version}\n  way out: Put a newer Node first on PATH, e.g. \`npm install node@24\` and \`npm exec pulumi up\`.`,
  );
}

/**
 * The URN that a resource will have. It is made of the parent's text and not of its Output: what depends on a component depends on all of the component's
 * children, and these would wait for each other for ever.
 */
export function urnOf(kind: Kind, name: string, { parent }: pulumi.CustomResourceOptions): pulumi.Output<string> {
  const of = parent === undefined ? undefined : pulumi.output(new Promise<string>((resolve) => void parent.urn.apply(resolve)));
  return pulumi.createUrn(name, typeToken(kind), of);
}

/** Names in the state of every stack: never to be changed without an alias. */
export function typeToken(kind: Kind): string {
  return `pulumi-nodejs:dynamic/tableferry:${kind[0]!.toUpperCase()}${kind.slice(1)}`;
}

/** Stands in the state of every stack too, so it must go on working: `require` finds the package from the program's folder. */
function providerText(kind: Kind): string {
  return `exports.handler = () => require('node:module').createRequire(process.cwd() + '/_')('tableferry/provider').${kind}`;
}

/** Refuses what cannot be stored while the user's line is still on the stack; Outputs and promises are for the SDK to look into. */
function storable(inputs: object, name: string): Record<string, unknown> {
  const visit = (value: unknown, path: string): void => {
    if (value === undefined || pulumi.Output.isInstance(value) || value instanceof Promise || pulumi.Resource.isInstance(value)) return;
    if (Array.isArray(value)) return value.forEach((item, i) => visit(item, `${path}[${String(i)}]`));
    if (typeof value !== "object" || value === null || !isPlain(value)) return void toStruct(value, path);
    for (const [field, inner] of Object.entries(value)) visit(inner, path === "" ? field : `${path}.${field}`);
  };
  try {
    visit({ ...inputs }, "");
  } catch (error) {
    throw new pulumi.RunError(`TF_SPEC_INVALID: ${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return { ...inputs };
}
