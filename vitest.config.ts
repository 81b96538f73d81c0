import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["artesian-source"] },
  ssr: { resolve: { conditions: ["artesian-source"] } },
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Browsers and servers share two cores.
    maxWorkers: 2,
  },
});
