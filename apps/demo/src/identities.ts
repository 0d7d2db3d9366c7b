import type { Identity } from './taps.js';

export const support: Identity = { name: 'support', role: 'support' };
export const courier: Identity = { name: 'courier', role: 'courier' };
export const analyst: Identity = { name: 'analyst', role: 'analyst' };
export const mailer: Identity = { name: 'mailer', role: 'mailer' };
