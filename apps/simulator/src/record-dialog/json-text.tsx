import { useState, type ReactNode } from 'react';
import { notify } from '../components/notices.tsx';
import './json-text.css';

/**
 * Stored JSON. Formatting it goes through JavaScript's numbers, so what is stored, byte for byte, is one switch away
 * and is what is copied.
 */
export function JsonText({ json }: { json: string }): ReactNode {
  const [asStored, setAsStored] = useState(false);
  const shown = asStored ? json : JSON.stringify(JSON.parse(json), null, 2);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(json);
    notify('Copied', 'The JSON is in the clipboard as it is stored.');
  };
  return (
    <section className="json-text" aria-label="Stored JSON">
      <div className="json-text__bar">
        <h3>JSON</h3>
        <label className="labelled">
          <input type="checkbox" checked={asStored} onChange={(event) => setAsStored(event.target.checked)} />
          as stored
        </label>
        <button type="button" className="button" onClick={() => void copy()}>
          Copy
        </button>
      </div>
      <pre tabIndex={0} className="json-text__pre">
        {shown}
      </pre>
    </section>
  );
}
