/** The Kubernetes manifests against the API's shape, against each other, and against what the services read. No cluster is started here. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readSettings } from '../../../apps/tap/src/settings.js';
import { readConfig } from '../../../libs/service/src/config/read-config.js';
import { readObjects, type Container, type KubernetesObject, type NetworkPolicy } from './kubernetes-schema.js';
import { mayEnter, mayLeave, type Labels, type Place } from './reach.js';

const folder = fileURLToPath(new URL('..', import.meta.url));
const text = (file: string): string => readFileSync(join(folder, file), 'utf8');
const kustomization = parse(text('kustomization.yaml')) as { kind: string; namespace: string; resources: string[] };
const objects = kustomization.resources.flatMap((file) => readObjects(text(file)));
const ofKind = <K extends KubernetesObject['kind']>(kind: K): readonly Extract<KubernetesObject, { kind: K }>[] => objects.filter((object): object is Extract<KubernetesObject, { kind: K }> => object.kind === kind);
const workloads = [...ofKind('Deployment'), ...ofKind('StatefulSet')];
const services = ['approve', 'console', 'detect', 'gate', 'judge', 'record'];
const settings = ofKind('ConfigMap').find(({ metadata }) => metadata.name === 'countersign-settings')?.data ?? {};
const podOf = (labels: Labels): Place => ({ namespace: { 'kubernetes.io/metadata.name': kustomization.namespace }, pod: labels });

function onlyContainer(workload: (typeof workloads)[number]): Container {
  expect(workload.spec.template.spec.containers).toHaveLength(1);
  return workload.spec.template.spec.containers[0] as Container;
}

describe('the manifests', () => {
  it('are what the API allows, and a member it does not know is found', () => {
    expect(objects.length).toBeGreaterThan(25);
    expect(() => readObjects(text('detect.yaml').replace('readinessProbe', 'readynessProbe'))).toThrow(/readynessProbe/);
    expect(() => readObjects(text('detect.yaml').replace('memory: 256Mi', 'memory: 256 MB'))).toThrow();
    expect(() => readObjects(text('gate.yaml').replace('defaultMode: 288', 'defaultMode: 440'))).toThrow();
  });

  it('are all named by the kustomization, each object once', () => {
    const files = readdirSync(folder).filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml');
    expect([...kustomization.resources].sort()).toEqual(files.sort());
    const names = objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
    expect(ofKind('Namespace').map(({ metadata }) => metadata.name)).toEqual([kustomization.namespace]);
  });

  it('run each of the six services from one image, with probes, requests and limits', () => {
    expect(workloads.map(({ metadata }) => metadata.name.replace('countersign-', '')).sort()).toEqual(services);
    for (const workload of workloads) {
      const { name, image, args, startupProbe, livenessProbe, readinessProbe, ports = [] } = onlyContainer(workload);
      expect([image, args], name).toEqual([`countersign:${(JSON.parse(readFileSync(join(folder, '../../package.json'), 'utf8')) as { version: string }).version}`, [name]]);
      expect([startupProbe?.httpGet, livenessProbe?.httpGet, readinessProbe?.httpGet], name).toEqual([{ path: '/readyz', port: 'health' }, { path: '/healthz', port: 'health' }, { path: '/readyz', port: 'health' }]);
      expect(String(ports.find((port) => port.name === 'health')?.containerPort), name).toBe(settings['COUNTERSIGN_HEALTH_PORT']);
      expect(settings['COUNTERSIGN_HEALTH_HOST']).toBe('0.0.0.0');
    }
  });

  it('select the pods they mean, and open ports that the containers have', () => {
    const templates = new Map(workloads.map(({ metadata, spec }) => [metadata.name, spec.template]));
    for (const { metadata, spec } of workloads) expect(spec.template.metadata.labels, metadata.name).toMatchObject(spec.selector.matchLabels);
    for (const { metadata, spec } of ofKind('Service')) {
      expect(templates.get(metadata.name)?.metadata.labels, metadata.name).toMatchObject(spec.selector);
      const names = templates.get(metadata.name)?.spec.containers.flatMap(({ ports = [] }) => ports.map((port) => port.name));
      for (const { targetPort } of spec.ports) expect(names, metadata.name).toContain(targetPort);
    }
    for (const { metadata, spec } of ofKind('PodDisruptionBudget')) expect(templates.get(metadata.name)?.metadata.labels, metadata.name).toMatchObject(spec.selector.matchLabels);
    expect(ofKind('PodDisruptionBudget').map(({ metadata }) => metadata.name).sort()).toEqual([...templates.keys()].sort());
    for (const { spec } of ofKind('HorizontalPodAutoscaler')) {
      expect(ofKind('Deployment').find(({ metadata }) => metadata.name === spec.scaleTargetRef.name)?.spec.replicas, 'an autoscaled deployment leaves its number open').toBeUndefined();
      expect(spec.minReplicas).toBeGreaterThan(1);
      const { topics } = JSON.parse(readFileSync(join(folder, '../kafka/topics.json'), 'utf8')) as { topics: { name: string; partitions: number }[] };
      expect(spec.maxReplicas).toBeLessThanOrEqual(topics.find((topic) => topic.name === 'observations')?.partitions ?? 0);
    }
  });

  it('mount what they declare and declare what they mount; secrets and the policy by reference only', () => {
    for (const { metadata, spec } of workloads) {
      const declared = [...(spec.template.spec.volumes ?? []).map(({ name }) => name), ...('volumeClaimTemplates' in spec ? spec.volumeClaimTemplates.map((claim) => claim.metadata.name) : [])];
      expect(spec.template.spec.containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name)).sort(), metadata.name).toEqual(declared.sort());
    }
    expect(objects.map(({ kind }) => kind)).not.toContain('Secret');
    const referred = workloads.flatMap(({ spec }) => (spec.template.spec.volumes ?? []).flatMap(({ secret, configMap }) => [secret?.secretName, configMap?.name].filter((name) => name !== undefined)));
    const page = readFileSync(join(folder, '../../docs/run-distributed.md'), 'utf8');
    for (const name of new Set(referred)) expect(page, `run-distributed.md says how to make ${name}`).toMatch(new RegExp(`kubectl create (secret \\w+|configmap) ${name} `));
  });

  it('give each key to who needs it: the gate seals and checks, the console signs', () => {
    const held = (service: string): readonly string[] =>
      workloads.filter(({ metadata }) => metadata.name === `countersign-${service}`).flatMap(({ spec }) => (spec.template.spec.volumes ?? []).flatMap(({ secret }) => (secret?.secretName === 'countersign-keys' ? (secret.items ?? []).map(({ key }) => key) : [])));
    expect(Object.fromEntries(services.map((service) => [service, held(service)]))).toEqual({ approve: [], console: ['grant.pem'], detect: [], gate: ['seal.pem', 'grant.pub'], judge: [], record: [] });
  });
});

describe('the settings in the manifests', () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'countersign-manifests-'));
    for (const [name, secret] of [['redis-url', 'redis://:word@redis.engines:6379'], ['clickhouse-writer', 'w'], ['clickhouse-reader', 'r']] as const) writeFileSync(join(dir, name), secret, { mode: 0o440 });
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it.each(services)('%s reads them as they stand here', (service) => {
    const workload = workloads.find(({ metadata }) => metadata.name === `countersign-${service}`);
    if (workload === undefined) throw new Error(`there is no ${service}`);
    const { env = [], volumeMounts = [] } = onlyContainer(workload);
    const given = { ...settings, ...Object.fromEntries(env.map(({ name, value }) => [name, value])) };
    for (const [name, value] of Object.entries(given)) if (/^\/(run|etc)\//.test(value) && name !== 'COUNTERSIGN_KEYS_DIR') expect(volumeMounts.some(({ mountPath }) => value.startsWith(`${mountPath}/`)), `${service}: ${name}`).toBe(true);
    const config = readConfig({ env: Object.fromEntries(Object.entries(given).map(([name, value]) => [name, value.replace('/run/secrets/engines/', `${dir}/`)])) });
    expect(config).toMatchObject({ profile: 'distributed', dataDir: '/data/countersign', policyFile: '/etc/countersign/policy.yaml', clickHouse: { password: 'w', readPassword: 'r' } });
    if (service === 'gate') expect(config.gate.tls).toMatchObject({ host: '0.0.0.0', port: 7_443 });
    if (service === 'console') expect(config.console).toMatchObject({ host: '0.0.0.0', port: 7_800, scheme: 'https' });
  });
});

describe('the example of an agent with a tap', () => {
  const [, deployment, policy] = readObjects(text('examples/agent-with-tap.yaml'));
  if (deployment?.kind !== 'Deployment' || policy?.kind !== 'NetworkPolicy') throw new Error('the example has another order');
  const { initContainers = [], containers, volumes = [] } = deployment.spec.template.spec;
  const [tunnel, tap] = initContainers;

  it('starts tunnel and tap as sidecars, before the agent', () => {
    expect(initContainers.map(({ name, restartPolicy }) => [name, restartPolicy])).toEqual([['gate-tunnel', 'Always'], ['tap', 'Always']]);
  });

  it('the tap’s words are ones it reads, and the agent’s address is the tap’s', () => {
    const [word, ...rest] = tap?.args ?? [];
    expect(word).toBe('tap');
    const read = readSettings(rest);
    expect(read).toMatchObject({ server: 'crm', dataDir: '/spool/countersign', transport: { kind: 'http', host: '127.0.0.1', port: 7_801 } });
    const url = new URL(containers[0]?.env?.[0]?.value ?? '');
    expect([url.hostname, url.port, url.pathname]).toEqual(['127.0.0.1', '7801', '/mcp']);
    expect(tunnel?.command?.[2]).toContain('--socket /spool/countersign/gate.sock --gate countersign-gate.countersign.svc:7443');
    expect(ofKind('Service').find(({ metadata }) => metadata.name === 'countersign-gate')?.spec.ports).toContainEqual({ name: 'taps', port: 7_443, targetPort: 'taps' });
  });

  it('the agent sees neither spool nor socket, and every mount is declared', () => {
    expect(containers.flatMap(({ volumeMounts = [] }) => volumeMounts)).toEqual([]);
    expect(new Set(initContainers.flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name)))).toEqual(new Set(volumes.map(({ name }) => name)));
  });

  it('its pod reaches the gate, and neither the console nor an engine', () => {
    const from: Place = { namespace: {}, pod: deployment.spec.template.metadata.labels };
    const to = (service: string): Place => podOf(workloads.find(({ metadata }) => metadata.name === `countersign-${service}`)?.spec.template.metadata.labels ?? {});
    expect(mayLeave([policy], { from, to: to('gate'), port: 7_443 })).toBe(true);
    for (const [place, port] of [[to('console'), 7_800], [to('gate'), 7_890], [{ namespace: { 'countersign.dev/engines': 'true' }, pod: {} }, 9_092]] as const) expect(mayLeave([policy], { from, to: place, port })).toBe(false);
  });
});

describe('who reaches whom', () => {
  const policies = ofKind('NetworkPolicy') as readonly NetworkPolicy[];
  const labelsOf = (service: string): Labels => workloads.find(({ metadata }) => metadata.name === `countersign-${service}`)?.spec.template.metadata.labels ?? {};
  const agent: Place = { namespace: { 'countersign.dev/agents': 'true' }, pod: { app: 'agent' } };
  const proxy: Place = { namespace: { 'countersign.dev/people': 'true' }, pod: { app: 'proxy' } };
  const prometheus: Place = { namespace: { 'countersign.dev/monitoring': 'true' }, pod: { app: 'prometheus' } };
  const kafka: Place = { namespace: { 'countersign.dev/engines': 'true' }, pod: { app: 'kafka' } };
  const entering = (from: Place, service: string, port: number): boolean => mayEnter(policies, { from, to: podOf(labelsOf(service)), port });

  it('agents reach the gate’s door for taps, and no other port of any service', () => {
    expect(entering(agent, 'gate', 7_443)).toBe(true);
    for (const service of services) for (const port of [7_800, 7_890]) expect(entering(agent, service, port), `${service}:${port}`).toBe(false);
    for (const service of services.filter((one) => one !== 'gate')) expect(entering(agent, service, 7_443), service).toBe(false);
  });

  it('people reach the console, Prometheus reaches health, and neither reaches more', () => {
    expect([entering(proxy, 'console', 7_800), entering(proxy, 'console', 7_890), entering(proxy, 'gate', 7_443)]).toEqual([true, false, false]);
    for (const service of services) expect([entering(prometheus, service, 7_890), entering(prometheus, service, 7_800)], service).toEqual([true, false]);
    expect(entering({ namespace: {}, pod: {} }, 'console', 7_800)).toBe(false);
  });

  it('services reach the engines and names, and nothing else, not even each other', () => {
    for (const service of services) {
      const from = podOf(labelsOf(service));
      for (const port of [9_092, 6_379, 8_123]) expect(mayLeave(policies, { from, to: kafka, port })).toBe(true);
      expect(mayLeave(policies, { from, to: { namespace: {}, pod: {} }, port: 443 }), service).toBe(false);
      for (const other of services) for (const port of [7_443, 7_800, 7_890]) expect(mayEnter(policies, { from, to: podOf(labelsOf(other)), port }) && mayLeave(policies, { from, to: podOf(labelsOf(other)), port }), `${service} to ${other}`).toBe(false);
    }
  });
});
