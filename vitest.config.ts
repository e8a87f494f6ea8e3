import { defineConfig } from "vitest/config";

/** One project a kind of test, so that `vitest run --project unit` is the inner loop and CI runs them all. */
const project = (name: string, extra: { testTimeout?: number; fileParallelism?: boolean } = {}) => ({
  test: {
    name,
    include: name === "tidy" ? ["test/tidy.test.ts"] : [`test/${name}/**/*.test.ts`],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    ...extra,
  },
  resolve: { conditions: ["tableferry-source"] },
  ssr: { resolve: { conditions: ["tableferry-source"], externalConditions: ["tableferry-source"] } },
});

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      project("tidy"),
      project("unit"),
      project("conformance"),
      project("differential"),
      project("simulation", { testTimeout: 120_000 }),
      project("process", { testTimeout: 180_000, fileParallelism: false }),
      project("stack", { testTimeout: 240_000, fileParallelism: false }),
    ],
  },
});
