/** Every board, by the file Grafana reads it from. */
import { approvalsBoard } from './approvals.js';
import type { BoardSource } from './grafana.js';
import { nowBoard } from './now.js';
import { pipelineHealthBoard } from './pipeline-health.js';

export const boards: readonly (readonly [file: string, BoardSource])[] = [
  ['0-now.json', nowBoard],
  ['1-pipeline-health.json', pipelineHealthBoard],
  ['2-approvals.json', approvalsBoard],
];
