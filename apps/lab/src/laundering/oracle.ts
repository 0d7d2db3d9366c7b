/**
 * What ought to be stopped, worked out without the product: from who may read and call what, and from where each value was put by construction.
 * OR1. Shares no code with the detector or the policy library; it never looks at a text.
 */
export interface Actor {
  readonly name: string;
  readonly role: string;
}

export const roles = ['finance', 'people', 'desk', 'outreach'] as const;
export type Role = (typeof roles)[number];

/** Label → roles that may read it. */
export const readerRoles = { ledger: ['finance'], staff: ['people'], board: ['finance', 'people'] } as const satisfies Record<string, readonly Role[]>;
export type Label = keyof typeof readerRoles;

/** Role → server/tool it may call; a missing role may call everything. */
export const mayCallOf: Readonly<Partial<Record<Role, readonly string[]>>> = {
  finance: ['ledger/*', 'files/*', 'notes/*', 'tickets/*', 'chat/*', 'mail/send_email', 'bank/transfer'],
  people: ['staff/*', 'files/*', 'notes/*', 'tickets/*', 'chat/*', 'mail/send_email'],
  desk: ['files/*', 'notes/*', 'tickets/*', 'chat/*', 'mail/send_email', 'web/post_form'],
};

/** A value of the graph: its label, and whether everyone had read it somewhere without a label before. */
export interface Datum {
  readonly label: Label | undefined;
  readonly wasPublic: boolean;
}

export interface Sent {
  readonly carries: readonly Datum[];
  readonly actors: readonly Actor[];
  readonly server: string;
  readonly tool: string;
}

/** May one of those acting not read something that leaves? */
export function leaks({ carries, actors }: Sent): boolean {
  return carries.some(({ label, wasPublic }) => label !== undefined && !wasPublic && actors.some(({ role }) => !(readerRoles[label] as readonly string[]).includes(role)));
}

/** May one of those acting not call this tool? */
export function oversteps({ actors, server, tool }: Sent): boolean {
  return actors.some(({ role }) => {
    const allowed = mayCallOf[role as Role];
    return allowed !== undefined && !allowed.some((entry) => entry === `${server}/${tool}` || entry === `${server}/*`);
  });
}
