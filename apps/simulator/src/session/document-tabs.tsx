import type { ReactNode } from 'react';
import type { SessionDocument } from './session.ts';
import './document-tabs.css';

/** The session's documents, one of which is in the editor. */
export function DocumentTabs({
  documents,
  chosenId,
  onChoose,
}: {
  documents: readonly SessionDocument[];
  chosenId: string | undefined;
  onChoose: (documentId: string) => void;
}): ReactNode {
  return (
    <ul className="document-tabs" aria-label="Documents">
      {documents.map(({ id, name, role }) => (
        <li key={id}>
          <button
            type="button"
            className="document-tab"
            aria-pressed={id === chosenId}
            onClick={() => onChoose(id)}
          >
            <span className="document-tab__name">{name}</span>
            <span className="document-tab__role">{role === 'spec' ? 'ontology' : 'shapes'}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
