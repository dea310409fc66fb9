import { useEffect, useRef, useState, type ReactNode } from 'react';
import { failureOf, type Failure } from '../database/failure.ts';
import { FailureNotice } from '../components/failure-notice.tsx';
import type { SessionDocument } from '../session/session.ts';
import type { CodeEditor, Marker } from './code-editor.ts';
import './document-editor.css';

/** What {@link DocumentEditor} takes. */
export interface DocumentEditorProps {
  readonly document: SessionDocument;
  /** The place of a syntax error in this document. */
  readonly marker: Marker | undefined;
  /** Counts up each time somebody asks to go to the marker. */
  readonly visits: number;
  readonly onEdit: (content: string) => void;
  readonly onRun: () => void;
}

/** A document in an editor, which is loaded when the first document is opened. */
export function DocumentEditor({ document, marker, visits, onEdit, onRun }: DocumentEditorProps): ReactNode {
  const host = useRef<HTMLDivElement>(null);
  const [editor, setEditor] = useState<CodeEditor>();
  const [failure, setFailure] = useState<Failure>();
  // The editor is made once and must call what is current.
  const latest = useRef({ onEdit, onRun, document });
  latest.current = { onEdit, onRun, document };

  useEffect(() => {
    let wanted = true;
    let made: CodeEditor | undefined;
    const load = async (): Promise<void> => {
      try {
        const { createCodeEditor } = await import('./code-editor.ts');
        if (!wanted || !host.current) return;
        made = createCodeEditor({
          host: host.current,
          content: latest.current.document.content,
          label: `Content of ${latest.current.document.name}`,
          onEdit: (content) => latest.current.onEdit(content),
          onRun: () => latest.current.onRun(),
        });
        setEditor(made);
      } catch (error) {
        setFailure(failureOf(error));
      }
    };
    void load();
    return () => {
      wanted = false;
      made?.destroy();
    };
  }, []);

  useEffect(() => editor?.show(document.content), [editor, document.content]);
  useEffect(() => editor?.setLabel(`Content of ${document.name}`), [editor, document.name]);
  useEffect(() => editor?.mark(marker), [editor, marker]);
  useEffect(() => {
    if (visits > 0 && marker) editor?.goTo(marker);
    // Only a new visit moves the cursor, not a marker that changes by itself.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [editor, visits]);

  if (failure) return <FailureNotice failure={failure} />;
  return <div ref={host} className="document-editor" data-ready={editor !== undefined} />;
}
