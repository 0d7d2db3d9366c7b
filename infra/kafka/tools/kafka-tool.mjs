/**
 * Kafka's own command-line tools, run as an operator runs them.
 * KT1. They come from their Maven artefacts, once per user; nothing else is written.
 */
import { execFile } from 'node:child_process';
import { createReadStream, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cacheDir, isInstalled } from '../../stack/engine.mjs';

const run = promisify(execFile);
const version = '4.4.0';
const pom = join(dirname(fileURLToPath(import.meta.url)), 'pom.xml');
const installMsMax = 300_000;
const toolMsMax = 60_000;
const outputBytesMax = 64 * 1024 * 1024;
const classes = {
  'kafka-console-consumer': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'kafka-console-producer': 'org.apache.kafka.tools.ConsoleProducer',
  'kafka-consumer-groups': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  'kafka-configs': 'org.apache.kafka.tools.ConfigCommand',
  'kafka-topics': 'org.apache.kafka.tools.TopicCommand',
};

/**
 * @param {keyof typeof classes} tool
 * @param {readonly string[]} args
 * @param {string} [inputFile] its standard input; none.
 * @returns {Promise<string>} its standard output; rejects with what it said when it failed.
 */
export async function kafkaTool(tool, args, inputFile) {
  const libs = await kafkaJars();
  const running = run('java', ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-cp', join(libs, '*'), classes[tool], ...args], { timeout: toolMsMax, maxBuffer: outputBytesMax });
  if (inputFile === undefined) running.child.stdin.end();
  else createReadStream(inputFile).pipe(running.child.stdin);
  return (await running).stdout;
}

/** The folder with the jars: the tools, and the broker itself. */
export async function kafkaJars() {
  if (!isInstalled('java')) throw new Error('Kafka’s tools cannot be run here: Java is missing. Install Java 17 or newer (Debian: apt-get install default-jre-headless) and try again.');
  const libs = join(cacheDir(), `kafka-tools-${version}`);
  if (existsSync(libs)) return libs;
  if (!isInstalled('mvn')) throw new Error(`Kafka's command-line tools cannot be fetched: Maven is missing. Install it (Debian: apt-get install maven) and try again; it is needed once.`);
  const part = `${libs}.${process.pid}`;
  mkdirSync(part, { recursive: true });
  try {
    await run('mvn', ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${part}`], { timeout: installMsMax });
    // Whoever was first has the same jars.
    if (!existsSync(libs)) renameSync(part, libs);
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
  return libs;
}
