import { useMemo, useRef, useState, type ReactNode } from 'react';
import type { Marker } from '../editor/code-editor.ts';
import { DocumentEditor } from '../editor/document-editor.tsx';
import { FailureNotice } from '../components/failure-notice.tsx';
import { placesOf, problemsOf, type CheckedDocuments } from '../run/document-problems.ts';
import { LiveSummary } from '../run/live-summary.tsx';
import { prefixesOf } from '../run/prefixes.ts';
import { ReceiptReport } from '../run/receipt-report.tsx';
import { RunBar } from '../run/run-bar.tsx';
import { RunComparison } from '../run/run-comparison.tsx';
import { RunReports } from '../run/run-reports.tsx';
import { useAgentRun } from '../run/use-agent-run.ts';
import { useLiveCheck } from '../run/use-live-check.ts';
import type { DocumentPlace } from '../run/violation-location.ts';
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

/** Shows the session's documents, the editor, the agent and the latest result. */
export function Workbench({ store, session }: { store: SessionStore; session: Session }): ReactNode {
  const run = useAgentRun('validation', store, session);
  const [selectedId, setSelectedId] = useState<string>();
  const toolbar = useRef<HTMLDivElement>(null);
  const [goTo, setGoTo] = useState<Marker>();
  const { documents } = session;
  const selected = documents.find(({ id }) => id === selectedId) ?? documents[0];
  const prefixes = useMemo(() => prefixesOf(documents), [documents]);

  // Places are those of the documents that were validated; while the user types, marks move with their text.
  const validated = useRef({ receipt: run.receipt, documents });
  if (validated.current.receipt !== run.receipt) validated.current = { receipt: run.receipt, documents };
  const latestRun = useMemo(
    (): CheckedDocuments | undefined =>
      run.receipt && { receipt: run.receipt, documents: validated.current.documents },
    [run.receipt],
  );
  const places = useMemo(() => (latestRun ? placesOf(latestRun) : []), [latestRun]);
  const live = useLiveCheck(documents, run.receipt);
  const problems = useMemo(() => {
    if (live) return problemsOf(live, placesOf(live));
    return latestRun ? problemsOf(latestRun, places) : [];
  }, [live, latestRun, places]);
  const selectedDocumentId = selected?.id;
  const markers = useMemo(
    () => problems.filter(({ documentId }) => documentId === selectedDocumentId),
    [problems, selectedDocumentId],
  );
  const { error } = run.receipt ?? {};
  const errorDocument = error && documents.find(({ name }) => name === error.name);
  const goToPlace = ({ documentId, line, column }: DocumentPlace): void => {
    setSelectedId(documentId);
    setGoTo({ line, column, message: '' });
  };

  const add = (added: readonly NewDocument[]): void => {
    store.edit((current) => withDocuments(current, added));
    const first = store.state().current?.documents.at(-added.length)?.id;
    setGoTo(undefined);
    setSelectedId(first);
  };
  // An earlier request to go to a line must not move the cursor of the next document.
  const select = (documentId: string): void => {
    setGoTo(undefined);
    setSelectedId(documentId);
  };
  const runAll = (): void => void run.start();

  return (
    <DropZone onDocuments={add}>
      <div ref={toolbar} className="workbench__documents">
        <DocumentTabs documents={documents} selectedId={selected?.id} onSelect={select} />
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
            onRemove={() => {
              store.edit((current) => withoutDocument(current, selected.id));
              // The button goes away with the document, and the focus must not.
              toolbar.current?.querySelector<HTMLElement>(':scope > button')?.focus();
            }}
          />
          <DocumentEditor
            key={`editor-${selected.id}`}
            document={selected}
            markers={markers}
            goTo={goTo}
            onEdit={(before, after) =>
              store.edit((current) => withContent(current, selected.id, before, after))
            }
            onRun={runAll}
          />
        </>
      )}
      {live ? <LiveSummary check={live} problems={problems} onGoTo={goToPlace} /> : null}
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
        {run.receipt && run.before ? (
          <RunComparison before={run.before} after={run.receipt} afterId={run.receiptId} />
        ) : null}
        {run.latest ? <RunReports key={run.latest.run.executionId} {...run.latest} /> : null}
        {run.receipt ? (
          <ReceiptReport
            label="Validation result"
            receipt={run.receipt}
            prefixes={prefixes}
            onGoToError={
              errorDocument && error?.line && error.column
                ? () =>
                    goToPlace({
                      documentId: errorDocument.id,
                      line: error.line ?? 1,
                      column: error.column ?? 1,
                    })
                : undefined
            }
            places={places}
            onGoTo={goToPlace}
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
