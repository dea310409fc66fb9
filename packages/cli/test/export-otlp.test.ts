/** `db export-otlp` against a real server in place of a collector. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, expect, it } from 'vitest';
import { Sandbox } from './run-cli.ts';

const sandbox = new Sandbox();
const requests: { readonly authorization: string | undefined; readonly text: string }[] = [];
const collector = http.createServer((request, response) => {
  let text = '';
  request.on('data', (chunk: Buffer) => (text += String(chunk)));
  request.on('end', () => {
    requests.push({ authorization: request.headers.authorization, text });
    response.writeHead(request.url === '/v1/traces' ? 200 : 404).end('{}');
  });
});
await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
afterAll(() => void collector.close());
const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;

it('sends spans, prints where to go on, and goes on there', async () => {
  await sandbox.db('save-receipt', 'exec-1', 'agent-1', 'validation', '{}');
  const environment = {
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20key',
  };
  const first = await sandbox.run(['db', 'export-otlp'], { environment });
  expect(first).toMatchObject({ exitCode: 0, stderr: '' });
  const report = JSON.parse(first.stdout) as { readonly after: string };
  expect(report).toMatchObject({ spans: 1, events_without_span: 0, spans_rejected: 0 });
  expect(requests[0]).toMatchObject({ authorization: 'Bearer key' });
  expect(requests[0]?.text).toContain('invoke_agent agent-1');
  const words = ['db', 'export-otlp', '--endpoint', endpoint, '--after', report.after];
  expect(JSON.parse((await sandbox.run(words)).stdout)).toMatchObject({ spans: 0, after: report.after });
  expect(requests).toHaveLength(1);
});

it.each([
  [[], {}, 64, 'error[USAGE]: The collector is not given'],
  [['--endpoint', 'nowhere'], {}, 64, 'error[INVALID_ARGUMENT]: '],
  [['--endpoint', `${endpoint}/elsewhere`], {}, 1, 'error[EXPORT_FAILED]: '],
  [
    ['--endpoint', endpoint],
    { OTEL_EXPORTER_OTLP_HEADERS: 'a secret' },
    64,
    'error[USAGE]: OTEL_EXPORTER_OTLP_HEADERS',
  ],
] as const)('%j with %j ends with exit code %i', async (words, environment, exitCode, message) => {
  const finished = await sandbox.run(['db', 'export-otlp', ...words], { environment });
  expect([finished.exitCode, finished.stdout]).toEqual([exitCode, '']);
  expect(finished.stderr).toContain(message);
  expect(finished.stderr).not.toContain('secret');
});
