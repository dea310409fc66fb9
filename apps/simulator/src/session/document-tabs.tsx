import type { ReactNode } from 'react';
import { ROLE_NAMES, type SessionDocument } from './session.ts';
import { StoredText } from '../components/stored-text.tsx';
import './document-tabs.css';

/** Lists the session's documents and selects the one in the editor. */
export function DocumentTabs({
  documents,
  selectedId,
  onSelect,
}: {
  documents: readonly SessionDocument[];
  selectedId: string | undefined;
  onSelect: (documentId: string) => void;
}): ReactNode {
  return (
    <ul className="document-tabs" aria-label="Documents">
      {documents.map(({ id, name, role }) => (
        <li key={id}>
          <button
            type="button"
            className="document-tab"
            aria-pressed={id === selectedId}
            onClick={() => onSelect(id)}
          >
            <span className="document-tab__name">
              <StoredText text={name} />
            </span>
            <span className="document-tab__role">{ROLE_NAMES[role]}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
