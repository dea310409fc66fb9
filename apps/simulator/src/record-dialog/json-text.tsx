import { useMemo, useState, type ReactNode } from 'react';
import { notify } from '../components/notices.tsx';
import { withLayout } from '../components/json-layout.ts';
import { parsedJson } from '../components/parsed-json.ts';
import { printableJson, textOf } from '../components/printable.ts';
import './json-text.css';

/**
 * Shows stored JSON, laid out or as it is stored; Copy copies it byte for byte. Invisible characters are shown as JSON
 * escapes. What is not JSON is shown as it is stored.
 */
export function JsonText({ json }: { json: string }): ReactNode {
  const [raw, setRaw] = useState(false);
  const isJson = useMemo(() => parsedJson(json) !== undefined, [json]);
  const text = useMemo(() => (raw ? printableJson(json) : formatted(json)), [raw, json]);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(textOf(json));
    notify('Copied to the clipboard');
  };
  return (
    <section className="json-text" aria-label="Stored JSON">
      <div className="json-text__bar">
        <h3>{isJson ? 'JSON' : 'Stored text, which is not JSON'}</h3>
        <label className="labelled">
          <input type="checkbox" checked={raw} onChange={(event) => setRaw(event.target.checked)} />
          Unformatted
        </label>
        <button type="button" className="button" onClick={() => void copy()}>
          Copy
        </button>
      </div>
      <pre tabIndex={0} className="json-text__pre">
        {text}
      </pre>
    </section>
  );
}

/** Lays JSON out line by line, so that lines can be compared. What is not JSON stays as it is. */
export function formatted(json: unknown): string {
  const isJson = typeof json === 'string' && parsedJson(json) !== undefined;
  return printableJson(isJson ? withLayout(json) : json);
}
