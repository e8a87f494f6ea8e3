import { type Chance, seededChance } from "../../base/chance.ts";
import type { Clock } from "../../base/clock.ts";
import { ServiceError } from "../../wire/service-error.ts";
import type { AuthenticCall, Interference, Proceed } from "../call-context.ts";
import { ConnectionCut } from "../connection-cut.ts";
import { failRows } from "./fail-rows.ts";
import type { FaultRule } from "./fault-rule.ts";
import { knownErrors } from "./known-errors.ts";
import { namedTables } from "./named-tables.ts";
import { parseFaultRules } from "./parse-fault-rules.ts";

/** A rule and what it has done so far. */
interface SetRule {
  readonly rule: FaultRule;
  readonly chance: Chance;
  matched: number;
  struck: number;
  /** Of a throttle: the second it counts, and the requests in it. */
  second: number;
  inSecond: number;
}

/** How often a rule has struck. */
export interface FaultCount {
  readonly rule: FaultRule;
  readonly struck: number;
}

const endings: ReadonlySet<string> = new Set(["error", "throttle", "cutRequest"]);

/**
 * Faults by rule, between a request that was found authentic and what answers it: whoever cannot sign meets none, and in process and over HTTP they are
 * the same. Rules are asked in their order, all those that match apply, up to the first that ends the request. Each draws from a chance of its own, made of the
 * seed and its place, so that the fate of the n-th request that a rule matches depends on nothing else.
 */
export class Faults implements Interference {
  readonly #clock: Clock;
  #rules: SetRule[] = [];
  #release = new AbortController();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether any rule is set. */
  get active(): boolean {
    return this.#rules.length > 0;
  }

  get counts(): readonly FaultCount[] {
    return this.#rules.map(({ rule, struck }) => ({ rule, struck }));
  }

  /** Puts these rules in the place of all others; counting begins anew. @throws TF_FAULT_INVALID, and leaves the others as they are */
  set(rules: readonly FaultRule[], seed = 1): void {
    const parsed = parseFaultRules(rules);
    this.clear();
    this.#rules = parsed.map((rule, i) => ({
      rule,
      chance: seededChance(seed * 1000 + i),
      matched: 0,
      struck: 0,
      second: Number.NaN,
      inSecond: 0,
    }));
  }

  /** Takes all rules away; requests that were held back go on at once. */
  clear(): void {
    this.#rules = [];
    this.#release.abort();
    this.#release = new AbortController();
  }

  around(call: AuthenticCall, proceed: Proceed): Promise<Uint8Array> {
    // Decided in one turn, in the order requests come in: what one waits for must not change what the next one meets.
    const striking: SetRule[] = [];
    for (const set of this.#rules) {
      if (!this.#strikes(set, call)) continue;
      striking.push(set);
      if (endings.has(set.rule.effect.type)) break;
    }
    return this.#apply(striking, call, proceed);
  }

  #strikes(set: SetRule, call: AuthenticCall): boolean {
    const { operations, instance, table, skip = 0, times = Infinity, probability = 1, effect } = set.rule;
    if (operations !== undefined && !operations.includes(call.operation)) return false;
    if (effect.type === "failRows" && call.operation !== "BatchWriteRow" && call.operation !== "BatchGetRow") return false;
    if (instance !== undefined && instance !== call.instance) return false;
    if (table !== undefined && !namedTables(call.operation, call.body).includes(table)) return false;
    if (set.matched++ < skip || set.struck >= times) return false;
    if (set.chance.next() >= probability) return false;
    if (effect.type === "throttle" && this.#lets(set, effect.perSecond)) return false;
    set.struck++;
    return true;
  }

  #lets(set: SetRule, perSecond: number): boolean {
    const second = Math.floor(this.#clock.now() / 1000);
    if (second !== set.second) set.inSecond = 0;
    set.second = second;
    return set.inSecond++ < perSecond;
  }

  async #apply([set, ...others]: readonly SetRule[], call: AuthenticCall, proceed: Proceed): Promise<Uint8Array> {
    if (set === undefined) return proceed(call.body);
    const { effect } = set.rule;
    const goOn = (body: Uint8Array) => this.#apply(others, { ...call, body }, proceed);
    switch (effect.type) {
      case "error":
        throw refusal(effect.code, effect.status, effect.text);
      case "throttle":
        throw refusal(effect.code ?? "OTSFlowControl");
      case "delay":
        await this.#clock.sleep(effect.ms, this.#release.signal).catch(() => undefined);
        return goOn(call.body);
      case "failRows":
        return failRows(effect, set.chance, call, goOn);
      case "cutRequest":
        throw new ConnectionCut();
      case "dropReply":
      case "cutReply":
        throw await goOn(call.body).then(
          (reply) => new ConnectionCut({ reply: effect.type === "cutReply" ? reply : undefined }),
          (cause: unknown) => new ConnectionCut({ cause }),
        );
    }
  }
}

function refusal(code: string, status?: number, text?: string): ServiceError {
  const known = knownErrors.get(code);
  return new ServiceError(status ?? known?.[0] ?? 500, code, text ?? known?.[1] ?? "");
}
