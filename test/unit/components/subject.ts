import type { EngineLink } from "../../../components/provider/engine-link.ts";
import type { Subject } from "../../../components/provider/handlers.ts";

export interface TestSubject extends Subject {
  /** What the engine was told, as `say: text`. */
  readonly lines: string[];
  /** Kills the engine. */
  loseEngine(): void;
  readonly left: () => boolean;
}

/** A resource of a provider without an engine. */
export function testSubject(
  folder: string,
  { name = "move", terminal = true, env = {} }: { name?: string; terminal?: boolean; env?: Record<string, string> } = {},
): TestSubject {
  const lines: string[] = [];
  const gone = new AbortController();
  let left = false;
  const tell = (how: string) => (_urn: string, text: string) => {
    lines.push(`${how}: ${text}`);
    return Promise.resolve();
  };
  const engine: EngineLink = { say: tell("say"), warn: tell("warn"), show: tell("show"), gone: gone.signal, terminal };
  return {
    folder,
    engine,
    env,
    urn: `urn:pulumi:dev::project::pulumi-nodejs:dynamic/tableferry:Migration::${name}`,
    leave: () => (left = true),
    lines,
    loseEngine: () => gone.abort(),
    left: () => left,
  };
}
