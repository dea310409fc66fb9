/** Everything for pages and workers without a bundler. The build makes `dist/standalone/index.js` of it. */
export * from './index.ts';
export { startWorker } from './host/start-worker.browser.ts';
