/**
 * The texts the embedded engine starts from. Pure: paths and credentials in, file contents out.
 * EF1. The HTTP door opens only for the two exact `Authorization` values; every other request is answered 404 before any query runs.
 * EF2. The engine's own start session runs as `default`, which cannot be removed; it may open the listener and nothing else, and
 *      its quota is just the statements of the start: a known user who asks under its name by HTTP gets constants at most.
 * EF3. The reader reads one database: no writes, files, addresses or other users' queries, and never past its limits.
 */
import { createHash } from 'node:crypto';

export interface EngineCredentials {
  readonly username: string;
  readonly password: string;
  readonly readUsername: string;
  readonly readPassword: string;
}

export interface EngineFiles {
  readonly config: string;
  readonly users: string;
  readonly start: string;
}

/** What one reading statement may cost; the engine refuses to be told a higher figure. */
export const readLimits = { executionSecondsMax: 30, resultRowsMax: 100_000, memoryBytesMax: 1_500_000_000 } as const;

export const engineDatabase = 'countersign';

export function engineFiles(usersFile: string, credentials: EngineCredentials): EngineFiles {
  return { config: configXml(usersFile, credentials), users: usersXml(credentials), start: startSql };
}

/** The last statement never ends, and the engine serves until its process is ended (see `engine-child.ts`). */
const startSql = `SYSTEM START LISTEN HTTP;
SELECT count() FROM numbers(4611686018427387904) WHERE NOT ignore(sleepEachRow(3)) FORMAT Null SETTINGS max_block_size = 1, max_execution_time = 0;
`;

const startStatements = 2;

function configXml(usersFile: string, { username, password, readUsername, readPassword }: EngineCredentials): string {
  return `<clickhouse>
  <logger><level>error</level><console>0</console></logger>
  <users_config>${escapeXml(usersFile)}</users_config>
  <listen_host>127.0.0.1</listen_host>
  <max_server_memory_usage>2147483648</max_server_memory_usage>
  <mark_cache_size>67108864</mark_cache_size>
  <http_handlers>
    ${doorRule(username, password)}
    ${doorRule(readUsername, readPassword)}
  </http_handlers>
</clickhouse>
`;
}

function doorRule(username: string, password: string): string {
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  return `<rule><headers><Authorization>${authorization}</Authorization></headers><handler><type>dynamic_query_handler</type><query_param_name>query</query_param_name></handler></rule>`;
}

function usersXml({ username, password, readUsername, readPassword }: EngineCredentials): string {
  const { executionSecondsMax, resultRowsMax, memoryBytesMax } = readLimits;
  const loopback = '<networks><ip>127.0.0.1</ip></networks>';
  return `<clickhouse>
  <profiles>
    <default/>
    <reader>
      <readonly>2</readonly>
      <max_execution_time>${executionSecondsMax}</max_execution_time>
      <max_result_rows>${resultRowsMax}</max_result_rows>
      <max_memory_usage>${memoryBytesMax}</max_memory_usage>
      <constraints>
        <max_execution_time><min>0.001</min><max>${executionSecondsMax}</max></max_execution_time>
        <max_result_rows><min>1</min><max>${resultRowsMax}</max></max_result_rows>
        <max_memory_usage><min>1</min><max>${memoryBytesMax}</max></max_memory_usage>
        <result_overflow_mode><readonly/></result_overflow_mode>
      </constraints>
    </reader>
  </profiles>
  <quotas>
    <unlimited/>
    <start><interval><duration>2147483647</duration><queries>${startStatements}</queries></interval></start>
  </quotas>
  <users>
    <default><no_password/>${loopback}<profile>default</profile><quota>start</quota><grants><query>GRANT SYSTEM LISTEN ON *.*</query></grants></default>
    <${username}><password_sha256_hex>${sha256(password)}</password_sha256_hex>${loopback}<profile>default</profile><quota>unlimited</quota></${username}>
    <${readUsername}><password_sha256_hex>${sha256(readPassword)}</password_sha256_hex>${loopback}<profile>reader</profile><quota>unlimited</quota><grants><query>GRANT SELECT ON ${engineDatabase}.*</query></grants></${readUsername}>
  </users>
</clickhouse>
`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
