import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { environment: "happy-dom", include: ["js/**/*.test.ts"], restoreMocks: true, testTimeout: 30_000 },
});
