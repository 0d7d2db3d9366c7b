/**
 * The part of the compose specification that `docker-compose.yml` uses, strictly: a member that is not here is a mistake or a reason to
 * add it. Source: the specification's own chapters on services, networks, volumes and secrets.
 */
import { parse } from 'yaml';
import { z } from 'zod';

const duration = z.string().regex(/^(\d+(h|m|s|ms|us))+$/);
const size = z.string().regex(/^\d+(b|k|m|g|kb|mb|gb)$/i);
const scalar = z.union([z.string(), z.number(), z.boolean()]);
const words = z.array(z.string());

const healthcheck = z.union([
  z.strictObject({ disable: z.literal(true) }),
  z.strictObject({
    test: z.tuple([z.enum(['CMD', 'CMD-SHELL'])], z.string()), interval: duration, timeout: duration, retries: z.number().int().positive(),
    start_period: duration.optional(),
  }),
]);

const serviceSchema = z.strictObject({
  image: z.string(),
  build: z.strictObject({ context: z.string(), dockerfile: z.string() }).optional(),
  user: z.string().regex(/^\d+:\d+$/),
  group_add: words.optional(),
  profiles: words.optional(),
  entrypoint: words.optional(),
  command: words.optional(),
  environment: z.record(z.string().regex(/^[A-Z][A-Z0-9_]*$/), scalar).optional(),
  secrets: words.optional(),
  networks: words.optional(),
  network_mode: z.enum(['none']).optional(),
  ports: words.optional(),
  volumes: words.optional(),
  tmpfs: words.optional(),
  read_only: z.boolean().optional(),
  init: z.boolean().optional(),
  stdin_open: z.boolean().optional(),
  cap_drop: z.tuple([z.literal('ALL')]),
  security_opt: z.tuple([z.literal('no-new-privileges:true')]),
  restart: z.enum(['no', 'always', 'on-failure', 'unless-stopped']),
  stop_grace_period: duration.optional(),
  logging: z.strictObject({ driver: z.literal('json-file'), options: z.strictObject({ 'max-size': size, 'max-file': z.string().regex(/^\d+$/) }) }),
  healthcheck,
  depends_on: z.record(z.string(), z.strictObject({ condition: z.enum(['service_started', 'service_healthy', 'service_completed_successfully']), required: z.boolean().optional() })).optional(),
  ulimits: z.strictObject({ nofile: z.strictObject({ soft: z.number().int(), hard: z.number().int() }) }).optional(),
  deploy: z.strictObject({ resources: z.strictObject({ limits: z.strictObject({ cpus: z.string().regex(/^\d+(\.\d+)?$/), memory: size }) }) }),
});
export type ComposeService = z.infer<typeof serviceSchema>;

const composeSchema = z.object({
  name: z.string().regex(/^[a-z0-9][a-z0-9_-]*$/),
  services: z.record(z.string().regex(/^[a-zA-Z0-9._-]+$/), serviceSchema),
  networks: z.record(z.string(), z.strictObject({ internal: z.boolean().optional() })),
  secrets: z.record(z.string(), z.strictObject({ file: z.string() })),
  volumes: z.record(z.string(), z.strictObject({})),
});
export type Compose = z.infer<typeof composeSchema>;

/** @throws when the text is no YAML, or holds what the schema does not know. Extensions (`x-…`) may stand beside. */
export function readCompose(text: string): Compose {
  const tree = parse(text, { merge: true }) as Record<string, unknown>;
  return composeSchema.strict().parse(Object.fromEntries(Object.entries(tree).filter(([name]) => !name.startsWith('x-'))));
}

/** `source:target[:mode]` apart. */
export function mountOf(volume: string): { readonly source: string; readonly target: string; readonly isBind: boolean } {
  const [source = '', target = ''] = volume.split(':');
  return { source, target, isBind: source.startsWith('.') || source.startsWith('/') };
}
