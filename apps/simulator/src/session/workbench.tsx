import { useMemo, useState, type ReactNode } from 'react';
import type { ValidationReceipt } from '@ggen-sim/agents';
import type { Marker } from '../editor/code-editor.ts';
import { DocumentEditor } from '../editor/document-editor.tsx';
import { FailureNotice } from '../components/failure-notice.tsx';
import { prefixesOf } from '../run/prefixes.ts';
import { ReceiptReport } from '../run/receipt-report.tsx';
import { RunBar } from '../run/run-bar.tsx';
import { useAgentRun } from '../run/use-agent-run.ts';
import { AddDocumentMenu } from './add-document-menu.tsx';
import { DocumentHeader } from './document-header.tsx';
import { DocumentTabs } from './document-tabs.tsx';
import { DropZone } from './drop-zone.tsx';
import type { SessionStore } from './session-store.ts';
import {
  withContent,
  withDocument,
  withDocuments,
  withoutDocument,
  type NewDocument,
  type Session,
} from './session.ts';
import './workbench.css';

/** Returns the location of the receipt's syntax error, if it has one. */
function locationOf(
  receipt: ValidationReceipt | undefined,
): (Marker & { readonly name: string }) | undefined {
  const { name, line, column, message } = receipt?.error ?? {};
  const located = typeof name === 'string' && typeof line === 'number' && typeof column === 'number';
  return located && message !== undefined ? { name, line, column, message } : undefined;
}

/** Shows the session's documents, the editor, the agent and the latest result. */
export function Workbench({ store, session }: { store: SessionStore; session: Session }): ReactNode {
  const run = useAgentRun('validation', store, session);
  const [selectedId, setSelectedId] = useState<string>();
  const [goToCount, setGoToCount] = useState(0);
  const { documents } = session;
  const selected = documents.find(({ id }) => id === selectedId) ?? documents[0];
  const prefixes = useMemo(() => prefixesOf(documents), [documents]);

  const location = useMemo(() => locationOf(run.receipt), [run.receipt]);
  const errorDocument = location && documents.find(({ name }) => name === location.name);
  const marker = errorDocument && errorDocument.id === selected?.id ? location : undefined;

  const add = (added: readonly NewDocument[]): void => {
    store.edit((current) => withDocuments(current, added));
    setSelectedId(store.state().current?.documents.at(-added.length)?.id);
  };
  const runAll = (): void => void run.start();

  return (
    <DropZone onDocuments={add}>
      <div className="workbench__documents">
        <DocumentTabs documents={documents} selectedId={selected?.id} onSelect={setSelectedId} />
        <AddDocumentMenu onDocuments={add} />
      </div>
      {selected === undefined ? (
        <div className="empty workbench__empty">
          <strong>No documents yet</strong>
          <span>Add an ontology: create one, drop files here, or choose an example.</span>
        </div>
      ) : (
        <>
          <DocumentHeader
            key={selected.id}
            document={selected}
            onChange={(change) => store.edit((current) => withDocument(current, selected.id, change))}
            onRemove={() => store.edit((current) => withoutDocument(current, selected.id))}
          />
          <DocumentEditor
            key={`editor-${selected.id}`}
            document={selected}
            marker={marker}
            goToCount={goToCount}
            onEdit={(before, after) =>
              store.edit((current) => withContent(current, selected.id, before, after))
            }
            onRun={runAll}
          />
        </>
      )}
      <RunBar
        session={session}
        running={run.running}
        onAgent={(agentId) => store.edit((current) => ({ ...current, agentId }))}
        onRun={runAll}
        onCancel={run.cancel}
      />
      <div
        className="workbench__result"
        role="region"
        aria-label="Latest run"
        aria-live="polite"
        tabIndex={0}
      >
        {run.failure ? <FailureNotice failure={run.failure} /> : null}
        {run.receipt ? (
          <ReceiptReport
            label="Validation result"
            receipt={run.receipt}
            prefixes={prefixes}
            onGoToError={
              errorDocument &&
              (() => {
                setSelectedId(errorDocument.id);
                setGoToCount((count) => count + 1);
              })
            }
          />
        ) : run.failure ? null : (
          <p className="muted">
            The result of the latest run appears here. Its receipt is stored in the database.
          </p>
        )}
      </div>
    </DropZone>
  );
}
