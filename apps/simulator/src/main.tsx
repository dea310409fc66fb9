import './trusted-types.ts';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { openDatabase, storageFromUrl } from './database/database.ts';
import { publishGgenSim } from './ggen-sim.ts';
import { registerServiceWorker } from './service-worker.ts';
import './style/tokens.css';
import './style/base.css';

publishGgenSim();
void openDatabase(storageFromUrl());
const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');
// A notice shows these errors; the console keeps their place in the source.
// oxlint-disable-next-line no-console
createRoot(root, { onCaughtError: (error) => console.warn(error) }).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
void registerServiceWorker();
