import { defineConfig } from 'vitest/config';

// Tests read the sources of every room directly (condition `@countersign/source`), so they never meet a stale build.
export default defineConfig({
  resolve: { conditions: ['@countersign/source', 'node', 'import', 'module', 'default'] },
  ssr: { resolve: { conditions: ['@countersign/source', 'node', 'import', 'module', 'default'] } },
  test: {
    include: ['apps/*/src/**/*.test.ts', 'libs/**/src/**/*.test.ts', 'infra/**/*.test.ts', 'dashboards/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    pool: 'forks',
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
});
