import { useState, type ReactNode } from 'react';
import { notify } from '../components/notices.tsx';
import { printableJson } from '../components/printable.ts';
import './json-text.css';

/**
 * Shows stored JSON. Formatting passes through JavaScript's numbers and may change them, so a switch shows the stored
 * text, and Copy copies it byte for byte. Invisible characters are shown as JSON escapes.
 */
export function JsonText({ json }: { json: string }): ReactNode {
  const [raw, setRaw] = useState(false);
  const shown = raw ? json : JSON.stringify(JSON.parse(json), null, 2);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(json);
    notify('Copied to the clipboard');
  };
  return (
    <section className="json-text" aria-label="Stored JSON">
      <div className="json-text__bar">
        <h3>JSON</h3>
        <label className="labelled">
          <input type="checkbox" checked={raw} onChange={(event) => setRaw(event.target.checked)} />
          Unformatted
        </label>
        <button type="button" className="button" onClick={() => void copy()}>
          Copy
        </button>
      </div>
      <pre tabIndex={0} className="json-text__pre">
        {printableJson(shown)}
      </pre>
    </section>
  );
}
