import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { open } from '../open.js';
import { Latest } from './latest.jsx';

const db = await open();
const root = createRoot(document.querySelector('main'));
const show = (agent) =>
  root.render(
    <StrictMode>
      <Latest db={db} agent={agent} />
    </StrictMode>,
  );
show('a');
globalThis.show = show;
