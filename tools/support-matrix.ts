import { serviceOperations } from "./service-operations.ts";

const begin =
  "<!-- Written by `npm run generate:support` from src/server/answers.ts, src/server/control-plane/calls.ts and tools/service-operations.ts. -->";
const end = "<!-- End of what is written by `npm run generate:support`. -->";

/** What of the service's operations a server answers, and what it refuses as an operation it does not know, by family. */
export function supportMatrix(answered: ReadonlySet<string>): string {
  const named = (operations: readonly string[]) => (operations.length === 0 ? "–" : operations.map((name) => `\`${name}\``).join(" "));
  const families = Object.entries(serviceOperations).map(([family, operations]) => {
    const [there, missing] = [operations.filter((name) => answered.has(name)), operations.filter((name) => !answered.has(name))];
    return `| ${family} | ${named(there)} | ${named(missing)} |`;
  });
  const all = Object.values(serviceOperations).flat();
  return [
    `${all.filter((name) => answered.has(name)).length} of the ${all.length} operations that clients are known to call are answered.`,
    "",
    "| | answered | refused as unsupported |",
    "| --- | --- | --- |",
    ...families,
  ].join("\n");
}

/** The page with its matrix as it is now. @throws Error where the page has no place for it */
export function withSupportMatrix(page: string, answered: ReadonlySet<string>): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the page lacks the lines around the matrix: ${begin} and ${end}`);
  return `${page.slice(0, from + begin.length)}\n\n${supportMatrix(answered)}\n\n${page.slice(to)}`;
}
