/** Who may open a connection to whom, by the network policies alone. Namespaces and pods are known by their labels. */
import type { NetworkPolicy } from './kubernetes-schema.js';

export type Labels = Readonly<Record<string, string>>;

export interface Place {
  readonly namespace: Labels;
  readonly pod: Labels;
}

interface Connection {
  readonly from: Place;
  readonly to: Place;
  readonly port: number;
}

/** Policies select pods of our namespace by label; a pod that a policy selects takes only what some policy allows. */
export function mayEnter(policies: readonly NetworkPolicy[], { from, to, port }: Connection): boolean {
  const selecting = policies.filter(({ spec }) => spec.policyTypes.includes('Ingress') && matches(spec.podSelector.matchLabels, to.pod));
  if (selecting.length === 0) return true;
  return selecting.some(({ spec }) => (spec.ingress ?? []).some((rule) => rule.from.some((peer) => isPeer(peer, from)) && rule.ports.some((open) => open.port === port)));
}

export function mayLeave(policies: readonly NetworkPolicy[], { from, to, port }: Connection): boolean {
  const selecting = policies.filter(({ spec }) => spec.policyTypes.includes('Egress') && matches(spec.podSelector.matchLabels, from.pod));
  if (selecting.length === 0) return true;
  return selecting.some(({ spec }) => (spec.egress ?? []).some((rule) => rule.to.some((peer) => isPeer(peer, to)) && rule.ports.some((open) => open.port === port)));
}

interface Peer {
  readonly namespaceSelector?: { readonly matchLabels: Labels } | undefined;
  readonly podSelector?: { readonly matchLabels: Labels } | undefined;
}

function isPeer({ namespaceSelector, podSelector }: Peer, { namespace, pod }: Place): boolean {
  return matches(namespaceSelector?.matchLabels, namespace) && matches(podSelector?.matchLabels, pod);
}

function matches(wanted: Labels | undefined, labels: Labels): boolean {
  return Object.entries(wanted ?? {}).every(([label, value]) => labels[label] === value);
}
