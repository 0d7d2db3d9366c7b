/** The settings of a service from a file and the environment, with what is wrong told as a sentence. */
import { readFileSync } from 'node:fs';
import type { Config } from '@countersign/service';
import { parse, YAMLParseError } from 'yaml';
import { UserError } from './user-error.js';

/** @param file YAML; undefined takes the environment alone. @throws UserError naming every setting that is wrong. */
export async function serviceConfig(file: string | undefined): Promise<Config> {
  const { ConfigRefused, readConfig } = await import('@countersign/service');
  try {
    return readConfig({ file: file === undefined ? undefined : parsed(file), env: process.env });
  } catch (error) {
    if (error instanceof ConfigRefused) throw new UserError(`the settings${file === undefined ? '' : ` in ${file}`} were refused, nothing was started:\n${error.message}`);
    throw error;
  }
}

function parsed(file: string): unknown {
  try {
    return parse(readFileSync(file, 'utf8'));
  } catch (error) {
    // A parser quotes the line it stumbled over; that line may hold a password.
    if (error instanceof YAMLParseError) throw new UserError(`${file} is not YAML (${error.code} in line ${error.linePos?.[0].line ?? '?'}); nothing was started.`);
    throw new UserError(`the settings file could not be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}
