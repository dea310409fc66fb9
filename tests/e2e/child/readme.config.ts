import type { DatabaseOptions } from '@ggen-sim/playwright';
import { defineConfig } from '@playwright/test';

export default defineConfig<DatabaseOptions>({
  use: {
    baseURL: 'http://127.0.0.1:4173/',
    databaseLocation: { storage: 'indexeddb', name: 'ggen' },
  },
});
