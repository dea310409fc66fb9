import { AlertDialog } from '@base-ui/react/alert-dialog';
import { type ExportFormat, type ImportReport, TABLE_NAMES, type TableName } from '@ggen-sim/core';
import { useRef, useState, type ReactNode } from 'react';
import { FailureNotice } from '../components/failure-notice.tsx';
import { FilePicker } from '../components/file-picker.tsx';
import { formatCount, formatPlural } from '../components/format.ts';
import { notify } from '../components/notices.tsx';
import { printable } from '../components/printable.ts';
import { StoredText } from '../components/stored-text.tsx';
import { usePersistence } from '../database/persistence-context.ts';
import { streamOf } from './stream-of.ts';
import { useLongOperation } from './use-long-operation.ts';
import '../components/dialog.css';

const TABLE_TITLES: Readonly<Record<TableName, string>> = {
  receipts: 'Receipts',
  agent_memory: 'Memory',
  audit_log: 'Audit trail',
};

const FORMAT_TITLES: Readonly<Record<ExportFormat, string>> = { csv: 'CSV', json: 'JSON', ndjson: 'NDJSON' };

/** Refused lines that are shown. */
const SHOWN_LINES = 100;

/** The selected file, and what it is taken for. */
interface Selection {
  readonly file: File;
  readonly table: TableName;
  readonly format: ExportFormat;
}

/** Adds rows of a file to a table, after a check and a confirmation. */
export function ImportRows(): ReactNode {
  const persistence = usePersistence();
  const input = useRef<HTMLInputElement>(null);
  const [selection, setSelection] = useState<Selection>();
  const check = useLongOperation<ImportReport>();
  const operation = useLongOperation<ImportReport>('Reading…');
  const { result } = operation;
  const progress = check.progress ?? operation.progress;
  const failure = check.failure ?? operation.failure;
  const close = (): void => {
    check.cancel();
    setSelection(undefined);
    check.clear();
    operation.clear();
  };
  // Importing a file again goes on where a cancelled import has ended.
  const options = { ifAbsent: true };
  const select = (selected: Selection): void => {
    setSelection(selected);
    const { file, table, format } = selected;
    void check.start((running) =>
      persistence.importRows({
        ...options,
        ...running,
        table,
        format,
        input: streamOf(file),
        dryRun: true,
      }),
    );
  };
  const run = ({ file, table, format }: Selection): Promise<void> =>
    operation.start(async (running) => {
      try {
        return await persistence.importRows({ ...options, ...running, table, format, input: streamOf(file) });
      } catch (error) {
        if (running.signal?.aborted === true) {
          notify('Import cancelled', (error as Error).message);
          close();
        }
        throw error;
      }
    });
  return (
    <>
      <button type="button" className="button" onClick={() => input.current?.click()}>
        Import rows…
      </button>
      <FilePicker
        input={input}
        label="Rows to import"
        multiple={false}
        onFiles={([file]) => file && select({ file, table: tableOf(file.name), format: formatOf(file.name) })}
      />
      <AlertDialog.Root
        open={selection !== undefined}
        onOpenChange={(open) => {
          if (open) return;
          if (operation.progress === undefined) close();
          else operation.cancel();
        }}
      >
        <AlertDialog.Portal>
          <AlertDialog.Backdrop className="dialog-backdrop" />
          <AlertDialog.Popup className="dialog">
            {selection === undefined ? null : (
              <>
                <AlertDialog.Title>
                  {result ? 'Rows imported from ' : 'Import rows from '}
                  {printable(selection.file.name)}
                  {result ? '' : '?'}
                </AlertDialog.Title>
                {failure ? <FailureNotice failure={failure} /> : null}
                {result ? (
                  <AlertDialog.Description render={<div />} className="dialog__text">
                    <ImportOutcome report={result} verb="imported" />
                  </AlertDialog.Description>
                ) : (
                  <ImportChoices
                    selection={selection}
                    report={check.result}
                    isBusy={progress !== undefined}
                    onChange={select}
                  />
                )}
                <p className="muted" aria-live="polite">
                  {progress}
                </p>
                <div className="dialog__actions">
                  <AlertDialog.Close className="button">{result ? 'Close' : 'Cancel'}</AlertDialog.Close>
                  {result ? null : (
                    <button
                      type="button"
                      className="button button--primary"
                      disabled={progress !== undefined || !check.result?.rows}
                      onClick={() => void run(selection)}
                    >
                      {operation.progress === undefined ? 'Import rows' : 'Importing…'}
                    </button>
                  )}
                </div>
              </>
            )}
          </AlertDialog.Popup>
        </AlertDialog.Portal>
      </AlertDialog.Root>
    </>
  );
}

function ImportChoices({
  selection,
  report,
  isBusy,
  onChange,
}: {
  selection: Selection;
  report: ImportReport | undefined;
  isBusy: boolean;
  onChange: (selection: Selection) => void;
}): ReactNode {
  const { table, format } = selection;
  return (
    <AlertDialog.Description render={<div />} className="dialog__text">
      <div className="database-panel__actions">
        <label className="labelled">
          into
          <select
            className="field"
            value={table}
            disabled={isBusy}
            onChange={(event) => onChange({ ...selection, table: event.target.value as TableName })}
          >
            {TABLE_NAMES.map((name) => (
              <option key={name} value={name}>
                {TABLE_TITLES[name]}
              </option>
            ))}
          </select>
        </label>
        <label className="labelled">
          as
          <select
            className="field"
            value={format}
            disabled={isBusy}
            onChange={(event) => onChange({ ...selection, format: event.target.value as ExportFormat })}
          >
            {Object.entries(FORMAT_TITLES).map(([value, title]) => (
              <option key={value} value={value}>
                {title}
              </option>
            ))}
          </select>
        </label>
      </div>
      <p>
        Rows are added under the names of their columns, as exports and backups write them; nothing stored is
        replaced. Rows that are stored already are skipped. A row that breaks a rule, or has the id of another
        one, is refused and named.
      </p>
      {report === undefined ? null : <ImportOutcome report={report} verb="to import" />}
    </AlertDialog.Description>
  );
}

/** Tells what became of the rows of a file, or would. */
function ImportOutcome({ report, verb }: { report: ImportReport; verb: string }): ReactNode {
  const { rows, alreadyStored, refused, refusedLines } = report;
  const shown = refusedLines.slice(0, SHOWN_LINES);
  return (
    <>
      <p>
        {formatPlural(rows, 'row')} {verb}, {formatCount(alreadyStored)} stored already,{' '}
        {formatCount(refused)} refused.
      </p>
      {shown.length === 0 ? null : (
        <details open={shown.length <= 5}>
          <summary>
            Refused lines
            {shown.length < refused ? `, the first ${formatCount(shown.length)}` : ''}
          </summary>
          <ul>
            {shown.map(({ line, reason }) => (
              <li key={line}>
                <StoredText text={`Line ${line}: ${reason}`} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

/** Returns the table that a file's name tells; receipts for a name that tells none. */
function tableOf(fileName: string): TableName {
  if (/audit/i.test(fileName)) return 'audit_log';
  return /memor/i.test(fileName) ? 'agent_memory' : 'receipts';
}

function formatOf(fileName: string): ExportFormat {
  const [, extension] = /\.(csv|json)(?:\.gz)?$/i.exec(fileName) ?? [];
  return extension === undefined ? 'ndjson' : (extension.toLowerCase() as ExportFormat);
}
