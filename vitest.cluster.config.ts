import { defineConfig } from 'vitest/config';

/** Tests against servers: see `libs/testing/src/servers.ts` for where these come from. */
export default defineConfig({
  test: {
    include: ['{libs,services,tools}/*/src/**/*.cluster.test.ts'],
    globalSetup: ['libs/testing/src/servers-setup.ts'],
    pool: 'forks',
    isolate: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
