import { useMemo, useState, type ReactNode } from 'react';
import type { ValidationReceipt } from '@ggen-sim/agents';
import type { Marker } from '../editor/code-editor.ts';
import { DocumentEditor } from '../editor/document-editor.tsx';
import { FailureNotice } from '../components/failure-notice.tsx';
import { prefixesOf } from '../run/prefixes.ts';
import { ReceiptReport } from '../run/receipt-report.tsx';
import { RunBar } from '../run/run-bar.tsx';
import { useValidationRun } from '../run/use-validation-run.ts';
import { AddDocumentMenu } from './add-document-menu.tsx';
import { DocumentHead } from './document-header.tsx';
import { DocumentTabs } from './document-tabs.tsx';
import { DropZone } from './drop-zone.tsx';
import type { SessionStore } from './session-store.ts';
import { withDocument, withDocuments, withoutDocument, type NewDocument, type Session } from './session.ts';
import './workbench.css';

/** Where a run stopped reading, if it did. */
function placeOf(receipt: ValidationReceipt | undefined): (Marker & { readonly name: string }) | undefined {
  const { name, line, column, message } = receipt?.error ?? {};
  const placed = typeof name === 'string' && typeof line === 'number' && typeof column === 'number';
  return placed && message !== undefined ? { name, line, column, message } : undefined;
}

/** The session's documents, the agent, and what came out last. */
export function Workbench({ store, session }: { store: SessionStore; session: Session }): ReactNode {
  const run = useValidationRun(store, session);
  const [chosenId, setChosenId] = useState<string>();
  const [visits, setVisits] = useState(0);
  const { documents } = session;
  const chosen = documents.find(({ id }) => id === chosenId) ?? documents[0];
  const prefixes = useMemo(() => prefixesOf(documents), [documents]);

  const place = useMemo(() => placeOf(run.receipt), [run.receipt]);
  const misread = place && documents.find(({ name }) => name === place.name);
  const marker = misread && misread.id === chosen?.id ? place : undefined;

  const add = (added: readonly NewDocument[]): void => {
    store.edit((current) => withDocuments(current, added));
    setChosenId(store.state().current?.documents.at(-added.length)?.id);
  };
  const runAll = (): void => void run.start();

  return (
    <DropZone onDocuments={add}>
      <div className="workbench__documents">
        <DocumentTabs documents={documents} chosenId={chosen?.id} onChoose={setChosenId} />
        <AddDocumentMenu onDocuments={add} />
      </div>
      {chosen === undefined ? (
        <div className="empty workbench__empty">
          <strong>No documents yet</strong>
          <span>Add an ontology: type or paste one, drop files here, or take an example.</span>
        </div>
      ) : (
        <>
          <DocumentHead
            key={chosen.id}
            document={chosen}
            onChange={(change) => store.edit((current) => withDocument(current, chosen.id, change))}
            onRemove={() => store.edit((current) => withoutDocument(current, chosen.id))}
          />
          <DocumentEditor
            key={`editor-${chosen.id}`}
            document={chosen}
            marker={marker}
            visits={visits}
            onEdit={(content) => store.edit((current) => withDocument(current, chosen.id, { content }))}
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
            onShowPlace={
              misread &&
              (() => {
                setChosenId(misread.id);
                setVisits((count) => count + 1);
              })
            }
          />
        ) : run.failure ? null : (
          <p className="muted">The result of a run appears here; its receipt stays in the database.</p>
        )}
      </div>
    </DropZone>
  );
}
