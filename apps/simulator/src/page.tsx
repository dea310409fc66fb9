import { startTransition, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { IS_STUDIO } from './database/studio.ts';
import { registerServiceWorker } from './service-worker.ts';
import { watchSynchronisation } from './sync/page-sync.ts';

/** Renders the page, whatever the state of its database. */
export function showPage(): void {
  watchSynchronisation();
  const root = document.getElementById('root');
  if (!root) throw new Error('index.html has no #root');
  // A notice shows these errors; the console keeps their place in the source.
  // oxlint-disable-next-line no-console
  const page = createRoot(root, { onCaughtError: (error) => console.warn(error) });
  // Rendered in pieces, so that the page answers meanwhile.
  startTransition(() =>
    page.render(
      <StrictMode>
        <App />
      </StrictMode>,
    ),
  );
  // Kept files of the page would be of another version than the server, or of another server at this port.
  if (!IS_STUDIO) void registerServiceWorker();
}
