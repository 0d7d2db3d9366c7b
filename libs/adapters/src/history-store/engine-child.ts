/**
 * The embedded engine's own process: `node engine-child.ts <libchdb.so> <argument>…`. Started by `engine.ts` only.
 * EC1. It ends when its standard input ends, so the engine never outlives its parent, however the parent died.
 * EC2. It always ends by SIGKILL: the engine must survive that anyway, so there is no second, untested way to stop.
 * Uses erasable syntax only: Node runs this file as it is, so tests need no build.
 */
import { DataType, load, open } from 'ffi-rs';

const [library, ...commandLine] = process.argv.slice(2);
if (library === undefined) throw new Error('The engine process was started without the path of its library.');

const end = (): void => void process.kill(process.pid, 'SIGKILL');
process.stdin.on('end', end).on('error', end).resume();

open({ library: 'engine', path: library });
void load({
  library: 'engine',
  funcName: 'chdb_query_cmdline',
  retType: DataType.External,
  paramsType: [DataType.I32, DataType.StringArray],
  paramsValue: [commandLine.length, commandLine],
  runInNewThread: true,
}).then(end, end);
