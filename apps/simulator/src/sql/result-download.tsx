import { columnsOfSqlResult, encodeRows, toFileStamp, type SqlResult } from '@ggen-sim/core';
import type { ReactNode } from 'react';
import { formatPlural } from '../components/format.ts';
import { notify, notifyFailure } from '../components/notices.tsx';
import { failureOf } from '../database/failure.ts';
import { downloadFile } from '../storage/download.ts';

const FORMATS = [
  { format: 'csv', name: 'CSV', mediaType: 'text/csv' },
  { format: 'json', name: 'JSON', mediaType: 'application/json' },
] as const;

/** Downloads the rows that are shown, in the same form as those of `ggen-sim db sql`. */
export function ResultDownload({ result }: { result: SqlResult }): ReactNode {
  const download = async ({ format, mediaType }: (typeof FORMATS)[number]): Promise<void> => {
    try {
      const parts: string[] = [];
      const columns = columnsOfSqlResult(result);
      for await (const part of encodeRows(each(result.rows), { format, columns })) parts.push(part);
      downloadFile(`query-${toFileStamp(new Date())}.${format}`, parts, mediaType);
      notify('Download started', formatPlural(result.rows.length, 'row'));
    } catch (error) {
      notifyFailure('Could not export the rows', failureOf(error));
    }
  };
  return (
    <div className="sql-panel__downloads">
      {FORMATS.map((choice) => (
        <button key={choice.format} type="button" className="button" onClick={() => void download(choice)}>
          Download {choice.name}
        </button>
      ))}
    </div>
  );
}

async function* each<Row>(rows: readonly Row[]): AsyncGenerator<Row> {
  yield* rows;
}
