import { useEffect, useRef, type ReactNode } from 'react';
import { FailureNotice } from '../components/failure-notice.tsx';
import { reportDatabaseFailure } from '../database/database.ts';
import { usePersistence } from '../database/persistence-context.ts';
import { useLoadedEditor } from '../editor/use-loaded-editor.ts';
import type { TextRange } from './error-place.ts';
import { readTables } from './tables.ts';

/** A text from outside the editor, such as that of the address; each is a new object. */
export interface GivenText {
  readonly text: string;
}

/** Shows the editor of the query. */
export function QueryInput({
  given,
  error,
  onEdit,
  onRun,
}: {
  /** Replaces the text in the editor, once. */
  given: GivenText;
  /** The part of the text that the database refused. */
  error: { readonly place: TextRange; readonly message: string } | undefined;
  onEdit: (text: string) => void;
  onRun: (text: string) => void;
}): ReactNode {
  const persistence = usePersistence();
  // The editor is created once and must call the current callbacks.
  const latest = useRef({ given, onEdit, onRun });
  latest.current = { given, onEdit, onRun };
  const shown = useRef(given);
  const { host, editor, failure } = useLoadedEditor(async () => {
    const { createQueryEditor } = await import('./query-editor.ts');
    return (element) => {
      shown.current = latest.current.given;
      return createQueryEditor({
        host: element,
        content: shown.current.text,
        onEdit: (next) => latest.current.onEdit(next),
        onRun: (content) => latest.current.onRun(content),
      });
    };
  });
  useEffect(() => {
    // Each is shown once: later it would replace what was typed meanwhile.
    if (editor === undefined || shown.current === given) return;
    shown.current = given;
    editor.show(given.text);
  }, [editor, given]);
  useEffect(() => editor?.mark(error?.place, error?.message ?? ''), [editor, error]);
  useEffect(() => {
    if (editor === undefined) return undefined;
    let mounted = true;
    const load = async (): Promise<void> => {
      try {
        const tables = await readTables(persistence);
        if (mounted) editor.complete(tables);
      } catch (reading) {
        // Without the names, the editor completes the words of SQL.
        reportDatabaseFailure(reading);
      }
    };
    void load();
    return () => {
      mounted = false;
    };
  }, [editor, persistence]);
  if (failure) return <FailureNotice failure={failure} />;
  return <div ref={host} className="sql-panel__editor" data-ready={editor !== undefined} />;
}
