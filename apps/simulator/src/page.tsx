import './trusted-types.ts';
import { IS_STUDIO } from './database/studio.ts';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { openPageDatabase } from './database/database.ts';
import { publishGgenSim } from './ggen-sim.ts';
import { registerServiceWorker } from './service-worker.ts';
import { watchSynchronisation } from './sync/page-sync.ts';
import './style/tokens.css';
import './style/base.css';

publishGgenSim();
watchSynchronisation();
void openPageDatabase();
const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');
// A notice shows these errors; the console keeps their place in the source.
// oxlint-disable-next-line no-console
createRoot(root, { onCaughtError: (error) => console.warn(error) }).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
// Kept files of the page would be of another version than the server, or of another server at this port.
if (!IS_STUDIO) void registerServiceWorker();
