import { parsePolicy, refuseDenied, type PolicedCall, type PolicyDocument } from "./instance-policy.ts";

/** Where policies are kept, as text. */
interface PolicyShelf {
  policy(instance: string): string | undefined;
  setPolicy(instance: string, policy: string | undefined): Promise<void>;
}

/** The access policies of all instances; an instance without one costs a look into a map. */
export class InstancePolicies {
  readonly #shelf: PolicyShelf;
  /** Parsed ones, by instance, with the text they were parsed from. */
  readonly #parsed = new Map<string, { readonly text: string; readonly policy: PolicyDocument }>();

  constructor(shelf: PolicyShelf) {
    this.#shelf = shelf;
  }

  get(instance: string): PolicyDocument | undefined {
    const text = this.#shelf.policy(instance);
    if (text === undefined) return undefined;
    const known = this.#parsed.get(instance);
    if (known?.text === text) return known.policy;
    const policy = parsePolicy(JSON.parse(text));
    this.#parsed.set(instance, { text, policy });
    return policy;
  }

  /**
   * @param policy null removes it
   * @param expected only in the place of this one; undefined: of any
   * @returns false: another one stood there
   * @throws TF_POLICY_INVALID, OTSAuthFailed for an unknown instance
   */
  async set(instance: string, policy: unknown, expected: unknown): Promise<boolean> {
    const text = policy === null ? undefined : JSON.stringify(parsePolicy(policy));
    // As it was answered: the same document, in the same order.
    if (expected !== undefined && JSON.stringify(this.get(instance) ?? null) !== JSON.stringify(expected)) return false;
    await this.#shelf.setPolicy(instance, text);
    return true;
  }

  /** @throws OTSNoPermissionAccess */
  refuse(call: PolicedCall): void {
    const policy = this.get(call.instance);
    if (policy !== undefined) refuseDenied(policy, call);
  }
}
