/**
 * The test runner: at most two processes at once. Tests of what is pure share a process; every other file has one of its own.
 */
import { defineConfig } from "vitest/config";

const PURE = ["tests/engine/**/*.test.ts", "tests/fixtures/**/*.test.ts", "tests/tidy/**/*.test.ts"];

export default defineConfig({
  test: {
    globalSetup: ["tests/pages/pages-built.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    projects: [
      { extends: true, test: { name: "pure", include: PURE, isolate: false } },
      { extends: true, test: { name: "whole", include: ["tests/**/*.test.ts"], exclude: PURE } },
    ],
  },
});
