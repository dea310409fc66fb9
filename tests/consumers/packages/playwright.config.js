import { defineConfig } from '@playwright/test';

export default defineConfig({
  testMatch: 'page.spec.js',
  use: {
    baseURL: process.env.BASE_URL,
    launchOptions: JSON.parse(process.env.LAUNCH_OPTIONS),
    databaseLocation: { storage: 'indexeddb', name: 'ggen' },
  },
});
