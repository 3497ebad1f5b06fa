import { defineConfig } from "vitest/config";

/**
 * One configuration for the whole workspace: `npx vitest run packages/protocol` picks a room by path.
 * Two workers, since native builds, anvil and the engine's own threads run beside the tests.
 */
export default defineConfig({
  test: {
    include: [
      "packages/*/test/**/*.test.ts",
      "apps/*/test/**/*.test.ts",
      "contracts/test/**/*.test.ts",
      "test/**/*.test.ts",
      "bench/test/**/*.test.ts",
      "scripts/test/**/*.test.ts",
    ],
    exclude: ["**/node_modules/**", "**/.altlayer/**", "test/stock/**"],
    pool: "threads",
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 20_000,
    reporters: process.env.CI === undefined ? ["default"] : ["default", "github-actions"],
    passWithNoTests: true,
  },
});
