import { MemoryEventLog } from '@countersign/adapters/event-log/memory';
import { SqliteSnapshotStore } from '@countersign/adapters/snapshot-store/sqlite';
import { SystemClock } from '@countersign/adapters/clock/system';
import { EventLog, type Output, type Processor, type StoredRecord } from '@countersign/pipeline';
import { afterEach, describe, expect, it } from 'vitest';
import { createService, type Service } from './create-service.js';
import type { Ports } from './ports-module.js';
import { provideProcessor } from './processor-host.js';
import { createTelemetry } from './telemetry.js';

const services: Service[] = [];
afterEach(async () => {
  for (const service of services.splice(0)) await service.stop();
});

interface Lines {
  readonly ports: Ports;
  readonly lines: Record<string, unknown>[];
}

function openPorts(): Lines {
  const lines: Record<string, unknown>[] = [];
  const sink = createTelemetry({ name: 'solo', version: '0.1.0', level: 'info', stream: { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) } });
  return { lines, ports: { ...sink, eventLog: new MemoryEventLog(), snapshotStore: SqliteSnapshotStore.open(':memory:'), clock: new SystemClock() } };
}

/** Copies each finding's id into a verdict; a record that says `break` is a defect. */
function copier(): Processor {
  return {
    name: 'copy', version: '1', reads: ['findings'],
    handle(record: StoredRecord): readonly Output[] {
      if (record.value === 'break') throw new Error('an invariant is broken.');
      return [{ topic: 'verdicts', id: `${record.id}/copied`, key: record.key, value: record.value }];
    },
  };
}

async function start(ports: Ports, exposesHealth = true): Promise<Service> {
  const service = await createService({ name: 'solo', version: '0.1.0', ports, exposesHealth, providers: [provideProcessor('copy', (_log: EventLog) => copier(), [EventLog])] });
  services.push(service);
  return service;
}

async function get(service: Service, path: string): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(`${service.url}${path}`);
  return { status: response.status, text: await response.text() };
}

describe('createService', () => {
  it('runs a processor from its start to its stop, over the ports it was given', async () => {
    const { ports } = openPorts();
    const service = await start(ports);
    const copied = firstOf(ports.eventLog);
    await ports.eventLog.append('findings', [{ id: 'f-1', key: 'd', value: '{}' }]);
    expect(await copied).toBe('f-1/copied');
    await service.stop();
    expect(service.health.parts).toEqual({ copy: 'stopped' });
  });

  it('says on its health endpoints that it lives, that it is ready, and what it counted', async () => {
    const service = await start(openPorts().ports);
    expect(JSON.parse((await get(service, '/healthz')).text)).toEqual({ status: 'ok', name: 'solo', version: '0.1.0' });
    const ready = await get(service, '/readyz');
    expect([ready.status, JSON.parse(ready.text)]).toEqual([200, { ready: true, parts: { copy: 'running' } }]);
    expect((await get(service, '/metrics')).text).toContain('countersign_build_info{version="0.1.0",commit=""} 1');
  });

  it('is unready, and settles `failed`, when a processor ends by a defect', async () => {
    const { ports, lines } = openPorts();
    const service = await start(ports);
    await ports.eventLog.append('findings', [{ id: 'f-1', key: 'd', value: 'break' }]);
    await expect(service.health.failed).rejects.toThrow('an invariant is broken.');
    const ready = await get(service, '/readyz');
    expect([ready.status, JSON.parse(ready.text)]).toEqual([503, { ready: false, parts: { copy: { failed: 'an invariant is broken.' } } }]);
    expect(lines).toContainEqual(expect.objectContaining({ level: 'error', event: 'ProcessorStoppedError', stage: 'copy', component: 'solo' }));
  });

  it('shows no health where its listener faces people', async () => {
    const service = await start(openPorts().ports, false);
    expect((await get(service, '/metrics')).status).toBe(404);
  });

  it('refuses to start where its address is taken, and leaves nothing running', async () => {
    const first = await start(openPorts().ports);
    const { ports } = openPorts();
    await expect(createService({ name: 'second', version: '1', ports, port: Number(new URL(first.url).port) })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

async function firstOf(log: EventLog): Promise<string | undefined> {
  return new Promise((resolve) => void log.follow('verdicts', { group: 'witness' }, async (batch) => resolve(batch[0]?.id)));
}
