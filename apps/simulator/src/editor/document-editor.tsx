import { useEffect, useRef, type ReactNode } from 'react';
import { FailureNotice } from '../components/failure-notice.tsx';
import type { SessionDocument } from '../session/session.ts';
import type { Marker } from './code-editor.ts';
import { useLoadedEditor } from './use-loaded-editor.ts';
import './document-editor.css';

/** The properties of {@link DocumentEditor}. */
export interface DocumentEditorProps {
  readonly document: SessionDocument;
  /** The errors and violations in this document. */
  readonly markers: readonly Marker[];
  /** The place that the user asked for last; each request is a new object. */
  readonly goTo: Marker | undefined;
  readonly onEdit: (before: string, after: string) => void;
  readonly onRun: () => void;
}

/** Shows a document in the editor, which is loaded with the first document. */
export function DocumentEditor({ document, markers, goTo, onEdit, onRun }: DocumentEditorProps): ReactNode {
  // The editor is created once and must call the current callbacks.
  const latest = useRef({ onEdit, onRun, document });
  latest.current = { onEdit, onRun, document };

  const { host, editor, failure } = useLoadedEditor(async () => {
    const { createCodeEditor } = await import('./code-editor.ts');
    return (element) =>
      createCodeEditor({
        host: element,
        content: latest.current.document.content,
        label: `Content of ${latest.current.document.name}`,
        onEdit: (before, after) => latest.current.onEdit(before, after),
        onRun: () => latest.current.onRun(),
      });
  });

  useEffect(() => editor?.show(document.content), [editor, document.content]);
  useEffect(() => editor?.setLabel(`Content of ${document.name}`), [editor, document.name]);
  useEffect(() => editor?.mark(markers), [editor, markers]);
  useEffect(() => {
    if (goTo) editor?.goTo(goTo);
  }, [editor, goTo]);

  if (failure) return <FailureNotice failure={failure} />;
  return <div ref={host} className="document-editor" data-ready={editor !== undefined} />;
}
