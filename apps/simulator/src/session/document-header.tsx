import { useState, type ReactNode } from 'react';
import { formatBytes } from '../components/format.ts';
import { ROLE_NAMES, type DocumentRole, type NewDocument, type SessionDocument } from './session.ts';
import './document-header.css';

/** Shows the name, role and size of the document in the editor, and removes it. */
export function DocumentHeader({
  document,
  onChange,
  onRemove,
}: {
  document: SessionDocument;
  onChange: (change: Partial<NewDocument>) => void;
  onRemove: () => void;
}): ReactNode {
  const [name, setName] = useState(document.name);
  const rename = (): void => {
    const trimmed = name.trim();
    if (trimmed === '') setName(document.name);
    else if (trimmed !== document.name) onChange({ name: trimmed });
  };
  return (
    <div className="document-header">
      <label className="labelled">
        Name
        <input
          className="field document-header__name"
          value={name}
          spellCheck={false}
          onChange={(event) => setName(event.target.value)}
          onBlur={rename}
          onKeyDown={(event) => {
            if (event.key === 'Enter') rename();
          }}
        />
      </label>
      <label className="labelled">
        Role
        <select
          className="field"
          value={document.role}
          onChange={(event) => onChange({ role: event.target.value as DocumentRole })}
        >
          {Object.entries(ROLE_NAMES).map(([role, label]) => (
            <option key={role} value={role}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <span className="muted document-header__size">{formatBytes(new Blob([document.content]).size)}</span>
      <button type="button" className="button" onClick={onRemove} aria-label={`Remove ${document.name}`}>
        Remove
      </button>
    </div>
  );
}
