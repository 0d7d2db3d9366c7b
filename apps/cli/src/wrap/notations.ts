import type { Format } from './client-table.js';
import { jsonNotation } from './json-notation.js';
import type { Notation } from './text-tree.js';
import { tomlNotation } from './toml-notation.js';
import { yamlNotation } from './yaml-notation.js';

export const notations: Readonly<Record<Format, Notation>> = { json: jsonNotation, toml: tomlNotation, yaml: yamlNotation };
