import { nearestName } from "../base/nearest-name.ts";
import type { DefinedColumn, KeySchema } from "../model/schema.ts";
import { typeOf, type KeyType, type ValueType } from "../model/value.ts";
import { castKeepsApart, castPossible } from "./cast.ts";
import { castOf, deriveOf, keepOf } from "./computation.ts";
import type { ColumnPlan, ColumnRule, Computation, MappingDefinition, Origin } from "./mapping.ts";
import { article } from "./refusals.ts";

/** The two sides between which a mapping is compiled. */
export interface MappingSides {
  /** Empty where the source's rows have no key. */
  readonly sourceKey: readonly KeySchema[];
  /** Empty where the target has no key of its own: the mapping's key, or the source's, becomes the rows' key. */
  readonly targetKey: readonly KeySchema[];
  /** Attribute columns whose type is known. */
  readonly sourceColumns?: readonly DefinedColumn[] | undefined;
  /** Every column a source row can have, where that is fixed; then a rule that names another is an error. */
  readonly sourceHeader?: readonly string[] | undefined;
  /** Columns whose old values stand in the source's stream records, where it has a stream (R1, mode `image`). */
  readonly originColumns?: readonly string[] | undefined;
}

export interface PlannedColumns {
  readonly plan: ColumnPlan;
  /** Source key columns whose value can be told from the target key. */
  readonly carriedKeys: ReadonlySet<string>;
  readonly problems: readonly string[];
}

/** Turns rules into a plan, and says everything that is wrong with them. */
export function planColumns(definition: MappingDefinition, sides: MappingSides): PlannedColumns {
  const planner = new Planner(sides);
  const targetKey = planner.targetKey(definition.key);
  const keyNames = new Set(targetKey.map((column) => column.name));
  const columns = Object.entries(definition.columns ?? {}).map(([name, rule]) => {
    if (keyNames.has(name)) planner.problems.push(`columns.${name}: is a key column of the target; its rule stands under \`key\``);
    return { name, from: planner.origin(rule as ColumnRule, name, `columns.${name}`, undefined) };
  });
  for (const name of definition.drop ?? []) planner.known(name, "drop");
  for (const name of definition.keep?.inputs ?? []) planner.known(name, "keep.inputs");
  const keep = definition.keep === undefined ? undefined : planner.computed.push(keepOf(definition.keep)) - 1;
  const rest = definition.rest ?? "copy";
  const excluded =
    rest === "drop"
      ? []
      : [...new Set([...(definition.drop ?? []), ...planner.copied, ...keyNames, ...columns.map((column) => column.name)])];
  return {
    plan: { sourceKey: sides.sourceKey, targetKey, columns, rest, excluded, computed: planner.computed, keep },
    carriedKeys: planner.carriedKeys,
    problems: planner.problems,
  };
}

class Planner {
  readonly problems: string[] = [];
  readonly computed: Computation[] = [];
  /** Source columns that a rule copies or casts. */
  readonly copied = new Set<string>();
  readonly carriedKeys = new Set<string>();
  readonly #sides: MappingSides;
  readonly #types: ReadonlyMap<string, ValueType>;
  readonly #names: readonly string[] | undefined;

  constructor(sides: MappingSides) {
    this.#sides = sides;
    this.#types = new Map([...(sides.sourceColumns ?? []), ...sides.sourceKey].map((column) => [column.name, column.type]));
    this.#names = sides.sourceHeader === undefined ? undefined : [...sides.sourceKey.map((column) => column.name), ...sides.sourceHeader];
  }

  targetKey(rules: MappingDefinition["key"]): ColumnPlan["targetKey"] {
    const { sourceKey } = this.#sides;
    const wanted = this.#sides.targetKey.length > 0 ? this.#sides.targetKey : this.#keyOfRules(rules);
    if (rules === undefined) return wanted.map((column) => this.#sameKey(column, wanted));
    for (const name of Object.keys(rules)) {
      if (!wanted.some((column) => column.name === name))
        this.problems.push(
          `key.${name}: the target's key has no such column${this.#near(
            name,
            wanted.map((column) => column.name),
          )}`,
        );
    }
    return wanted.map(({ name, type }) => {
      const rule = rules[name];
      if (rule === undefined) {
        this.problems.push(
          `key.${name}: missing; the target's key column ${name} (${type}) needs a rule${sourceKey.some((column) => column.name === name) ? `, for example ${name}: "${name}"` : ""}`,
        );
        return { name, type, from: { kind: "column", name } };
      }
      return { name, type, from: this.origin(rule, name, `key.${name}`, type) };
    });
  }

  /** The key of a target that has none of its own. */
  #keyOfRules(rules: MappingDefinition["key"]): readonly KeySchema[] {
    if (rules === undefined) return this.#sides.sourceKey;
    return Object.entries(rules).map(([name, rule]) => {
      const type = this.#typeOfRule(rule);
      return { name, type: type === "integer" || type === "binary" ? type : "string" };
    });
  }

  #typeOfRule(rule: ColumnRule): ValueType | undefined {
    if (typeof rule === "string") return this.#types.get(rule);
    if ("from" in rule) return rule.as ?? this.#types.get(rule.from);
    return "constant" in rule ? typeOf(rule.constant) : undefined;
  }

  /** Without key rules: the source's key as it is, or, of a source without one, the columns of the same name. */
  #sameKey({ name, type }: KeySchema, wanted: readonly KeySchema[]): ColumnPlan["targetKey"][number] {
    const { sourceKey } = this.#sides;
    if (sourceKey.length === 0) return { name, type, from: this.origin(name, name, `key.${name}`, type) };
    const lost = sourceKey.filter((column) => !wanted.some((target) => target.name === column.name));
    if (wanted[0]?.name === name)
      for (const column of lost)
        this.problems.push(`key: the source's key column ${column.name} is not in the target's key; write rules for the target's key`);
    const same = sourceKey.find((column) => column.name === name);
    if (same === undefined) {
      this.problems.push(
        `key.${name}: missing; the target's key column ${name} (${type}) needs a rule, the source's key is ${sourceKey.map((column) => column.name).join(", ")}`,
      );
      return { name, type, from: { kind: "column", name } };
    }
    return { name, type, from: this.origin(name, name, `key.${name}`, type) };
  }

  /** @param keyType the type that a key column must have; undefined for an attribute */
  origin(rule: ColumnRule, name: string, place: string, keyType: KeyType | undefined): Origin {
    if (typeof rule === "string") return this.#copy({ from: rule }, name, place, keyType);
    if ("constant" in rule) {
      if (keyType !== undefined && typeOf(rule.constant) !== keyType)
        this.problems.push(`${place}.constant: the key column is ${article(keyType)}, the constant ${article(typeOf(rule.constant))}`);
      return { kind: "constant", value: rule.constant };
    }
    if ("derive" in rule) {
      for (const input of rule.inputs) this.known(input, `${place}.inputs`);
      return this.#compute(deriveOf(rule, name));
    }
    return this.#copy(rule, name, place, keyType);
  }

  #copy(
    rule: { from: string; as?: ValueType | undefined; default?: unknown },
    name: string,
    place: string,
    keyType: KeyType | undefined,
  ): Origin {
    const { from, as } = rule;
    this.known(from, place);
    this.copied.add(from);
    const given = this.#types.get(from);
    const becomes = as ?? given;
    if (as !== undefined && given !== undefined && !castPossible(given, as))
      this.problems.push(`${place}.as: ${from} is ${article(given)} and cannot become ${article(as)}`);
    if (keyType !== undefined && becomes !== undefined && becomes !== keyType) {
      this.problems.push(
        `${place}: the key column is ${article(keyType)}, ${from} ${article(becomes)}${as === undefined ? `; write { from: "${from}", as: "${keyType}" }` : ""}`,
      );
    }
    const isKey = this.#sides.sourceKey.some((column) => column.name === from);
    if (isKey && keyType !== undefined && given !== undefined && castKeepsApart(given, keyType)) this.carriedKeys.add(from);
    const plain = rule.default === undefined || isKey;
    if (plain && (as === undefined || as === given)) return { kind: isKey ? "key" : "column", name: from };
    return this.#compute(
      castOf({ from, as, default: isKey ? undefined : (rule.default as Parameters<typeof castOf>[0]["default"]) }, name),
    );
  }

  #compute(computation: Computation): Origin {
    return { kind: "computed", index: this.computed.push(computation) - 1 };
  }

  /** Complains about a column that the source surely does not have. */
  known(name: string, place: string): void {
    if (this.#names !== undefined && !this.#names.includes(name))
      this.problems.push(`${place}: the source has no column \`${name}\`${this.#near(name, this.#names)}`);
  }

  #near(name: string, known: readonly string[]): string {
    const near = nearestName(name, known);
    return near === undefined ? `; it has ${known.slice(0, 12).join(", ")}${known.length > 12 ? " …" : ""}` : `; did you mean \`${near}\`?`;
  }
}
