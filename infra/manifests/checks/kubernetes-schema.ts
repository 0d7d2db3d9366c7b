/**
 * The part of Kubernetes' API that the manifests use, strictly: a member that is not here is a mistake or a reason to add it.
 * Quantities, durations and names are checked for their form, so that a unit forgotten is found.
 */
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';

const quantity = z.string().regex(/^\d+(\.\d+)?(m|Ki|Mi|Gi)?$/);
const labels = z.record(z.string().regex(/^([a-z0-9.-]+\/)?[A-Za-z0-9._-]{1,63}$/), z.string().max(63));
const name = z.string().regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/).max(253);
const metadata = z.strictObject({ name, namespace: name.optional(), labels: labels.optional() });
const matches = z.strictObject({ matchLabels: labels });
const port = z.union([z.number().int().min(1).max(65_535), z.string().regex(/^[a-z0-9-]{1,15}$/)]);

const probe = z.strictObject({
  httpGet: z.strictObject({ path: z.string().startsWith('/'), port }).optional(),
  exec: z.strictObject({ command: z.array(z.string()).min(1) }).optional(),
  periodSeconds: z.number().int().positive(),
  timeoutSeconds: z.number().int().positive().optional(),
  failureThreshold: z.number().int().positive(),
}).refine(({ httpGet, exec }) => (httpGet === undefined) !== (exec === undefined), 'a probe asks in one way');

const resources = z.strictObject({ requests: z.strictObject({ cpu: quantity, memory: quantity }), limits: z.strictObject({ cpu: quantity, memory: quantity }) });

const containerSchema = z.strictObject({
  name,
  image: z.string(),
  restartPolicy: z.literal('Always').optional(),
  command: z.array(z.string()).optional(),
  args: z.array(z.string()).optional(),
  envFrom: z.array(z.strictObject({ configMapRef: z.strictObject({ name }) })).optional(),
  env: z.array(z.strictObject({ name: z.string().regex(/^[A-Z][A-Z0-9_]*$/), value: z.string() })).optional(),
  ports: z.array(z.strictObject({ name: z.string().regex(/^[a-z0-9-]{1,15}$/), containerPort: z.number().int().min(1).max(65_535) })).optional(),
  startupProbe: probe.optional(),
  livenessProbe: probe.optional(),
  readinessProbe: probe.optional(),
  resources,
  securityContext: z.strictObject({ allowPrivilegeEscalation: z.literal(false), readOnlyRootFilesystem: z.literal(true), capabilities: z.strictObject({ drop: z.tuple([z.literal('ALL')]) }) }),
  volumeMounts: z.array(z.strictObject({ name, mountPath: z.string().startsWith('/'), readOnly: z.boolean().optional() })).optional(),
});
export type Container = z.infer<typeof containerSchema>;

// 0440 is 288 to a reader of YAML 1.1 and 440 to one of 1.2: only the decimal is the same to both.
const mode = z.literal(0o440);
const volume = z.strictObject({
  name,
  emptyDir: z.strictObject({ medium: z.literal('Memory').optional(), sizeLimit: quantity.optional() }).optional(),
  secret: z.strictObject({ secretName: name, defaultMode: mode.optional(), items: z.array(z.strictObject({ key: z.string(), path: z.string() })).optional() }).optional(),
  configMap: z.strictObject({ name }).optional(),
}).refine(({ emptyDir, secret, configMap }) => [emptyDir, secret, configMap].filter((one) => one !== undefined).length === 1, 'a volume is of one kind');

const podTemplate = z.strictObject({
  metadata: z.strictObject({ labels, annotations: z.record(z.string(), z.string()).optional() }),
  spec: z.strictObject({
    restartPolicy: z.literal('OnFailure').optional(),
    automountServiceAccountToken: z.literal(false),
    securityContext: z.strictObject({
      runAsNonRoot: z.literal(true), runAsUser: z.number().int().positive(), runAsGroup: z.number().int().positive(), fsGroup: z.number().int().positive(),
      seccompProfile: z.strictObject({ type: z.literal('RuntimeDefault') }),
    }),
    terminationGracePeriodSeconds: z.number().int().positive().optional(),
    topologySpreadConstraints: z.array(z.strictObject({ maxSkew: z.number().int(), topologyKey: z.string(), whenUnsatisfiable: z.enum(['ScheduleAnyway', 'DoNotSchedule']), labelSelector: matches })).optional(),
    initContainers: z.array(containerSchema).optional(),
    containers: z.array(containerSchema).min(1),
    volumes: z.array(volume).optional(),
  }),
});
export type PodTemplate = z.infer<typeof podTemplate>;

const rolling = z.union([
  z.strictObject({ type: z.literal('RollingUpdate'), rollingUpdate: z.strictObject({ maxUnavailable: z.number().int(), maxSurge: z.number().int() }) }),
  z.strictObject({ type: z.literal('Recreate') }),
]);
const claim = z.strictObject({ metadata: z.strictObject({ name }), spec: z.strictObject({ accessModes: z.array(z.enum(['ReadWriteOnce', 'ReadWriteMany'])), resources: z.strictObject({ requests: z.strictObject({ storage: quantity }) }) }) });
const peer = z.strictObject({ namespaceSelector: matches.optional(), podSelector: matches.optional() });
const policyPort = z.strictObject({ protocol: z.enum(['TCP', 'UDP']), port: z.number().int() });
const scaling = z.strictObject({ stabilizationWindowSeconds: z.number().int(), policies: z.array(z.strictObject({ type: z.literal('Pods'), value: z.number().int(), periodSeconds: z.number().int() })) });

const kind = <K extends string, A extends string, S extends z.ZodType>(apiVersion: A, word: K, spec: S) => z.strictObject({ apiVersion: z.literal(apiVersion), kind: z.literal(word), metadata, spec });

const objectSchema = z.discriminatedUnion('kind', [
  z.strictObject({ apiVersion: z.literal('v1'), kind: z.literal('Namespace'), metadata }),
  z.strictObject({ apiVersion: z.literal('v1'), kind: z.literal('ConfigMap'), metadata, data: z.record(z.string(), z.string()) }),
  kind('v1', 'Service', z.strictObject({ selector: labels, ports: z.array(z.strictObject({ name: z.string(), port, targetPort: port })) })),
  kind('apps/v1', 'Deployment', z.strictObject({ replicas: z.number().int().positive().optional(), strategy: rolling.optional(), selector: matches, template: podTemplate })),
  kind('apps/v1', 'StatefulSet', z.strictObject({ serviceName: name, replicas: z.number().int().positive(), selector: matches, template: podTemplate, volumeClaimTemplates: z.array(claim) })),
  kind('batch/v1', 'Job', z.strictObject({ backoffLimit: z.number().int(), template: podTemplate })),
  kind('policy/v1', 'PodDisruptionBudget', z.strictObject({ maxUnavailable: z.number().int().positive(), selector: matches })),
  kind('autoscaling/v2', 'HorizontalPodAutoscaler', z.strictObject({
    scaleTargetRef: z.strictObject({ apiVersion: z.literal('apps/v1'), kind: z.literal('Deployment'), name }), minReplicas: z.number().int().positive(), maxReplicas: z.number().int().positive(),
    metrics: z.array(z.strictObject({ type: z.literal('Resource'), resource: z.strictObject({ name: z.literal('cpu'), target: z.strictObject({ type: z.literal('Utilization'), averageUtilization: z.number().int().min(1).max(100) }) }) })),
    behavior: z.strictObject({ scaleUp: scaling, scaleDown: scaling }),
  })),
  kind('networking.k8s.io/v1', 'NetworkPolicy', z.strictObject({
    podSelector: z.strictObject({ matchLabels: labels.optional() }), policyTypes: z.array(z.enum(['Ingress', 'Egress'])).min(1),
    ingress: z.array(z.strictObject({ from: z.array(peer).min(1), ports: z.array(policyPort).min(1) })).optional(),
    egress: z.array(z.strictObject({ to: z.array(peer).min(1), ports: z.array(policyPort).min(1) })).optional(),
  })),
]);
export type KubernetesObject = z.infer<typeof objectSchema>;
export type NetworkPolicy = Extract<KubernetesObject, { kind: 'NetworkPolicy' }>;

/** @throws naming the member that is not as the API has it. */
export function readObjects(text: string): readonly KubernetesObject[] {
  return parseAllDocuments(text).map((document) => {
    const [fault] = document.errors;
    if (fault) throw fault;
    return objectSchema.parse(document.toJS());
  });
}
