import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts'],
    pool: 'forks',
    // Most of them wait, for timers and for other threads.
    maxWorkers: '100%',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 30_000,
    // What is built runs as Node runs it, outside of vite: a worker thread must load the very same files.
    server: { deps: { external: [/\/dist\//] } },
  },
})
