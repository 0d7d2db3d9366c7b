import type { HistoryStore } from '@countersign/history';
import type { AgentRow, QuarantineRow, SessionPage, SessionRow, ToolRow } from '../shared/api.js';
export class Records {
  constructor(private readonly history: HistoryStore, private readonly domain: string) {}
  async stopsSince(_atMs: number): Promise<number> { return (await this.history.query('SELECT 1', { domain: this.domain })).length; }
  async sessions(): Promise<readonly SessionRow[]> { return []; }
  async session(_key: string): Promise<SessionPage | undefined> { return undefined; }
  async agents(): Promise<readonly AgentRow[]> { return []; }
  async tools(): Promise<readonly ToolRow[]> { return []; }
  async quarantine(): Promise<readonly QuarantineRow[]> { return []; }
}
