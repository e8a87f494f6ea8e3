import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { commandTable } from "../../../src/cli/command-table.ts";
import { exitCodes } from "../../../src/cli/exit-code.ts";
import { jobSpec } from "../../../src/job/job-spec.ts";
import { parseAnyJob } from "../../../src/job/parse-job.ts";

const page = (name: string) => readFileSync(join(import.meta.dirname, "../../..", name), "utf8");
const blocks = (text: string, language: string) =>
  [...text.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, "g"))].map((match) => match[1]!);

describe("every example of a job in the documentation is a valid job", () => {
  const jobs = ["README.md", "docs/job-file.md", "docs/replication.md"].flatMap((name) =>
    blocks(page(name), "yaml").map((text, i) => [`${name}, example ${i + 1}`, text] as const),
  );
  test.each(jobs)("%s", (_where, text) => {
    expect(parseAnyJob(text).name).toBeTruthy();
  });
});

describe("every command in the documentation exists", () => {
  const typed = ["README.md", "docs/cli.md", "docs/replication.md"].flatMap((name) =>
    [...page(name).matchAll(/^tableferry ([a-z ]+[a-z])/gm)].map((match) => match[1]!),
  );
  test.each([...new Set(typed)])("tableferry %s", (words) => {
    expect(commandTable.some(({ path }) => words === path || words.startsWith(`${path} `))).toBe(true);
  });
});

test("the job page has every field of the specification", () => {
  const text = page("docs/job-file.md");
  const fields = jobSpec.options.flatMap((option) => Object.keys(option.shape));
  expect(fields.filter((name) => !text.includes(`\`${name}`))).toEqual([]);
});

test("the guide has every exit code", () => {
  const text = page("docs/cli.md");
  expect(Object.values(exitCodes).filter((code) => !text.includes(`| ${code} |`))).toEqual([]);
});
