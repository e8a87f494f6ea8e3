/**
 * Places in a run at which a test may kill the process: `plan`, `scan`, `acknowledged` (rows written, checkpoint not yet),
 * `checkpoint` (just accepted), `verify`, `certificate`. A run without the variable has no hook and pays nothing.
 */
export type FaultPoint = (name: string) => void;

/**
 * The hook that TABLEFERRY_FAULT asks for: `name:count` kills this very process with SIGKILL at the count-th passing of
 * that point (from 1; `name` alone means 1). For tests of crashes, nothing else.
 */
export function faultPointFrom(env: Readonly<Record<string, string | undefined>>): FaultPoint | undefined {
  const wanted = env.TABLEFERRY_FAULT;
  if (wanted === undefined || wanted === "") return undefined;
  const [name, count = "1"] = wanted.split(":");
  let left = Number(count);
  return (at) => {
    if (at === name && --left === 0) process.kill(process.pid, "SIGKILL");
  };
}
