import { useState, type DragEvent, type ReactNode } from 'react';
import { notify } from '../components/notices.tsx';
import { readFiles } from './read-files.ts';
import type { NewDocument } from './session.ts';
import './drop-zone.css';

/** Adds selected or dropped files and reports the rejected ones. */
export async function addFiles(
  files: readonly File[],
  onDocuments: (documents: readonly NewDocument[]) => void,
): Promise<void> {
  const { documents, rejected } = await readFiles(files);
  if (documents.length > 0) onDocuments(documents);
  for (const { name, reason } of rejected) notify(`${name} was not added`, reason);
}

/** Accepts dropped files. The menu “Add document” does the same from the keyboard. */
export function DropZone({
  onDocuments,
  children,
}: {
  onDocuments: (documents: readonly NewDocument[]) => void;
  children: ReactNode;
}): ReactNode {
  const [isOver, setIsOver] = useState(false);
  const onDragOver = (event: DragEvent): void => {
    if (!event.dataTransfer.types.includes('Files')) return;
    event.preventDefault();
    setIsOver(true);
  };
  const onDrop = (event: DragEvent): void => {
    event.preventDefault();
    setIsOver(false);
    void addFiles([...event.dataTransfer.files], onDocuments);
  };
  return (
    <div
      className="workbench"
      onDragOver={onDragOver}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setIsOver(false);
      }}
      // The capture phase runs before the editor, which would insert the file's text.
      onDropCapture={(event) => {
        if (event.dataTransfer.files.length > 0) onDrop(event);
      }}
    >
      {children}
      {isOver ? (
        <div className="drop-zone">Drop .ttl, .nt, .nq, .trig, .rdf, .owl or .jsonld files here</div>
      ) : null}
    </div>
  );
}
