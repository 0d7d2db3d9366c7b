/** A statement of history that has a name: one file each, used alike by console, lab, checks and panels. */
export interface NamedQuery {
  readonly name: string;
  /** One SELECT; parameters as `{name:Type}`. Every count is of distinct ids or over `FINAL`, so repeated rows count once. */
  readonly sql: string;
  /** Parameter → its type in the statement. All are required; a domain of '' means every domain. */
  readonly params: Readonly<Record<string, 'String' | 'UInt32' | 'Int64'>>;
}

/** Rows of one domain, or of all when none is named. */
export const ofDomain = "({domain:String} = '' OR domain = {domain:String})";
/** Rows at or after an instant, milliseconds since 1970. */
export const since = "at >= fromUnixTimestamp64Milli({sinceMs:Int64}, 'UTC')";
export const sinceParams = { domain: 'String', sinceMs: 'Int64' } as const;
