import { useState, type ReactNode } from 'react';
import { notify } from '../components/notices.tsx';
import { parsedJson } from '../components/parsed-json.ts';
import { printableJson, textOf } from '../components/printable.ts';
import './json-text.css';

/**
 * Shows stored JSON. Formatting passes through JavaScript's numbers and may change them, so a switch shows the stored
 * text, and Copy copies it byte for byte. Invisible characters are shown as JSON escapes. What is not JSON is shown as it
 * is stored.
 */
export function JsonText({ json }: { json: string }): ReactNode {
  const [raw, setRaw] = useState(false);
  const parsed = parsedJson(json);
  const shown = raw || parsed === undefined ? json : JSON.stringify(parsed, null, 2);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(textOf(json));
    notify('Copied to the clipboard');
  };
  return (
    <section className="json-text" aria-label="Stored JSON">
      <div className="json-text__bar">
        <h3>{parsed === undefined ? 'Stored text, which is not JSON' : 'JSON'}</h3>
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
