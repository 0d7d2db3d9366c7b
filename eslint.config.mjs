// The house rules that a machine checks: layers, budgets, purity. Advice lives in the READMEs; only this is law.
import js from '@eslint/js';
import nx from '@nx/eslint-plugin';
import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

const domainPackages = ['policy', 'wire', 'detector-*', 'approval', 'history', 'audit'].map((name) => `@countersign/${name}`);
const layers = [
  { sourceTag: 'layer:core', onlyDependOnLibsWithTags: ['layer:core'] },
  { sourceTag: 'layer:domain', onlyDependOnLibsWithTags: ['layer:core', 'layer:domain'] },
  { sourceTag: 'layer:adapter', onlyDependOnLibsWithTags: ['layer:core', 'layer:domain'] },
  { sourceTag: 'layer:service', onlyDependOnLibsWithTags: ['layer:core', 'layer:domain', 'layer:adapter'] },
  { sourceTag: 'layer:app', notDependOnLibsWithTags: [] },
];

const io = ['fs', 'fs/promises', 'net', 'http', 'https', 'http2', 'child_process', 'dgram', 'tls', 'worker_threads', 'cluster'];
const outsideEngines = ['kafkajs', '@clickhouse/*', '@chdb/*', 'ffi-rs', 'bullmq', 'ioredis', 'better-sqlite3', 'onnxruntime-node'];
const nest = ['@nestjs/*', 'fastify', '@fastify/*'];
const forbid = (groups) => ['error', { patterns: groups }];
const purity = [
  { group: [...io, ...io.map((name) => `node:${name}`)], message: 'core and domain do no I/O: take it in through a port.' },
  { group: outsideEngines, message: 'outside engines live in libs/adapters, behind a port.' },
  { group: nest, message: 'NestJS lives in libs/service and apps.' },
];
const impure = [
  { object: 'Date', property: 'now', message: 'time is passed in.' },
  { object: 'Math', property: 'random', message: 'randomness is passed in.' },
  { object: 'process', property: 'env', message: 'configuration is passed in; process.env is read once, in main.ts.' },
];
const portMethodsMax = {
  selector: 'ClassBody > TSAbstractMethodDefinition:nth-child(6)',
  message: 'a port has at most five methods: it mirrors its consumer, not its first implementation.',
};

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '.nx/**', 'apps/console/web/**/*.d.ts'] },
  js.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    extends: [...tseslint.configs.recommended],
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ['vitest.config.ts', 'infra/*/*.ts', 'dashboards/*.ts'] }, tsconfigRootDir: import.meta.dirname } },
    plugins: { '@nx': nx, 'import-x': importX },
    settings: { 'import-x/resolver': { typescript: { project: 'tsconfig.json' } } },
    rules: {
      'max-lines': ['error', { max: 400, skipBlankLines: false, skipComments: false }],
      'max-lines-per-function': ['error', { max: 60 }],
      'max-depth': ['error', 3],
      'max-params': ['error', 3],
      'no-console': 'error',
      'import-x/no-default-export': 'error',
      'no-restricted-syntax': ['error', portMethodsMax, { selector: 'ExportAllDeclaration', message: 'exports are named, one by one.' }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@nx/enforce-module-boundaries': ['error', { depConstraints: layers, enforceBuildableLibDependency: false, allowCircularSelfDependency: false }],
    },
  },
  {
    files: ['libs/{contracts,pipeline}/src/**/*.ts'],
    rules: { 'no-restricted-imports': forbid(purity), 'no-restricted-properties': ['error', ...impure], 'no-restricted-globals': ['error', 'fetch', 'setTimeout', 'setInterval', 'setImmediate'] },
  },
  {
    // Siblings never import siblings; every domain room may read policy.
    files: ['libs/{policy,wire,approval,history,audit}/src/**/*.ts', 'libs/detectors/*/src/**/*.ts'],
    rules: {
      'no-restricted-imports': forbid([
        ...purity,
        { group: [...domainPackages.filter((name) => name !== '@countersign/policy')], message: 'a domain room imports core and policy, never a sibling.' },
      ]),
      'no-restricted-properties': ['error', ...impure],
      'no-restricted-globals': ['error', 'fetch', 'setTimeout', 'setInterval', 'setImmediate'],
    },
  },
  {
    files: ['libs/service/src/**/*.ts', 'apps/**/src/**/*.ts'],
    rules: { 'no-restricted-imports': forbid([{ group: outsideEngines, message: 'outside engines live in libs/adapters, behind a port.' }]) },
  },
  {
    // An app imports another app only where its job is to compose them.
    files: ['apps/{tap,gate,detect,judge,approve,record,console,demo,lab}/src/**/*.ts'],
    rules: {
      'no-restricted-imports': forbid([
        { group: outsideEngines, message: 'outside engines live in libs/adapters, behind a port.' },
        { group: ['tap', 'gate', 'detect', 'judge', 'approve', 'record', 'console', 'solo', 'demo', 'lab', 'cli'].map((name) => `@countersign/${name}`), message: 'only solo and cli compose apps.' },
      ]),
    },
  },
  {
    // Tests may be tables longer than a file, and drive real processes and sockets.
    files: ['**/*.test.{ts,tsx}', '**/conformance.ts', 'apps/*/e2e/**/*.ts'],
    rules: { 'max-lines': 'off', 'max-lines-per-function': 'off', 'no-restricted-imports': 'off', 'no-restricted-properties': 'off', 'no-restricted-globals': 'off', '@nx/enforce-module-boundaries': 'off' },
  },
  {
    files: ['apps/cli/src/**/*.ts', 'apps/*/src/main.ts', 'apps/demo/src/**/*.ts', 'apps/lab/src/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['vitest.config.ts', '**/vite.config.ts', '**/*.config.mjs'],
    rules: { 'import-x/no-default-export': 'off', '@nx/enforce-module-boundaries': 'off' },
  },
  {
    files: ['**/*.{js,mjs}'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly', Buffer: 'readonly', setTimeout: 'readonly', clearTimeout: 'readonly', fetch: 'readonly' } },
  },
);
