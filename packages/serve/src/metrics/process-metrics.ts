/** Metrics of this process, under the names that Prometheus's own clients use. */
import { readdirSync } from 'node:fs';
import type { Metric } from './exposition.ts';

const STARTED_AT_SECONDS = performance.timeOrigin / 1000;

/** Reads the metrics of this process. */
export function processMetrics(): readonly Metric[] {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  const descriptors = openDescriptors();
  return [
    {
      name: 'process_cpu_seconds_total',
      type: 'counter',
      help: 'CPU time of the server.',
      samples: [{ value: (user + system) / 1e6 }],
    },
    {
      name: 'process_resident_memory_bytes',
      type: 'gauge',
      help: 'Resident memory of the server.',
      samples: [{ value: rss }],
    },
    {
      name: 'nodejs_heap_size_used_bytes',
      type: 'gauge',
      help: 'Memory that JavaScript uses.',
      samples: [{ value: heapUsed }],
    },
    {
      name: 'process_start_time_seconds',
      type: 'gauge',
      help: 'Start of the server, in seconds since 1970.',
      samples: [{ value: STARTED_AT_SECONDS }],
    },
    {
      name: 'process_open_fds',
      type: 'gauge',
      help: 'Open files and connections; only on Linux.',
      samples: descriptors === undefined ? [] : [{ value: descriptors }],
    },
  ];
}

function openDescriptors(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return undefined;
  }
}
