import { useEffect, useRef, useState, type ReactNode } from 'react';
import { FailureNotice } from '../components/failure-notice.tsx';
import { reportDatabaseFailure } from '../database/database.ts';
import { failureOf, type Failure } from '../database/failure.ts';
import { usePersistence } from '../database/persistence-context.ts';
import type { TextRange } from './error-place.ts';
import type { QueryEditor } from './query-editor.ts';
import { readTables } from './tables.ts';

/** Shows the editor of the query. */
export function QueryInput({
  text,
  error,
  onEdit,
  onRun,
}: {
  text: string;
  /** The part of the text that the database refused. */
  error: { readonly place: TextRange; readonly message: string } | undefined;
  onEdit: (text: string) => void;
  onRun: () => void;
}): ReactNode {
  const persistence = usePersistence();
  const host = useRef<HTMLDivElement>(null);
  const [editor, setEditor] = useState<QueryEditor>();
  const [failure, setFailure] = useState<Failure>();
  // The editor is created once and must call the current callbacks.
  const latest = useRef({ text, onEdit, onRun });
  latest.current = { text, onEdit, onRun };
  useEffect(() => {
    let mounted = true;
    let created: QueryEditor | undefined;
    const load = async (): Promise<void> => {
      try {
        const { createQueryEditor } = await import('./query-editor.ts');
        if (!mounted || !host.current) return;
        created = createQueryEditor({
          host: host.current,
          content: latest.current.text,
          onEdit: (next) => latest.current.onEdit(next),
          onRun: () => latest.current.onRun(),
        });
        setEditor(created);
      } catch (loading) {
        setFailure(failureOf(loading));
      }
    };
    void load();
    return () => {
      mounted = false;
      created?.destroy();
    };
  }, []);
  useEffect(() => editor?.show(text), [editor, text]);
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
