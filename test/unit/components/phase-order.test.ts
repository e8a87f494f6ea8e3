import { describe, expect, test } from "vitest";
import { phaseProblem, type Phase } from "../../../components/provider/phase-order.ts";

const all: readonly Phase[] = ["copy", "sync", "cutover", "reverse", "retired"];
const follows = (before: Phase | undefined) => all.filter((now) => phaseProblem(before, now) === undefined);

describe("which phase follows which", () => {
  test.each<[Phase | undefined, readonly Phase[]]>([
    [undefined, ["copy", "sync"]],
    ["copy", ["copy", "sync"]],
    ["sync", ["copy", "sync", "cutover"]],
    ["cutover", ["sync", "cutover", "reverse"]],
    ["reverse", ["sync", "cutover", "reverse", "retired"]],
    ["retired", ["retired"]],
  ])("after %s: %j", (before, now) => {
    expect(follows(before)).toEqual(now);
  });

  test.each<[Phase | undefined, Phase, string]>([
    [undefined, "cutover", 'there is nothing yet: declare phase: "copy" first'],
    ["copy", "cutover", 'this is "copy": declare phase: "sync" first'],
    ["copy", "retired", 'this is "copy": declare phase: "sync" first'],
    ["sync", "retired", "to give the move up instead, take the resource out of the program"],
    ["cutover", "retired", 'declare phase: "reverse" first'],
    ["cutover", "copy", 'declare phase: "sync" first'],
    ["retired", "sync", "declare another table under a new jobName"],
  ])("from %s to %s names the next step", (before, now, words) => {
    expect(phaseProblem(before, now)).toContain(words);
  });
});
