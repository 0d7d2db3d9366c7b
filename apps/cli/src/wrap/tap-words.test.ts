import { describe, expect, it } from 'vitest';
import { hidden, privateValues, secretWords } from './secrets.js';
import { originOf, parseTapWords, tapWords } from './tap-words.js';

describe('the words that put a tap in front', () => {
  it.each([
    { program: ['countersign'], agent: 'a' },
    { program: ['/usr/bin/node', '/opt/countersign/bin/countersign.js'], agent: 'a', role: 'r', dataDir: '/d' },
    { program: ['countersign'], agent: 'a', configOrigin: '~/.cursor/mcp.json' },
    { program: ['C:\\node\\node.exe', 'C:\\c s\\countersign.js'], agent: '-dashed', role: '--' },
  ])('are found again: $program', (tap) => {
    const words = tapWords('my server', tap);
    const found = parseTapWords([...words, 'npx', '--', 'tap']);
    expect(found).toEqual({ program: tap.program, server: 'my server', agent: tap.agent, ...('role' in tap ? { role: tap.role } : {}), ...('dataDir' in tap ? { dataDir: tap.dataDir } : {}), prefixWords: words.length, inner: ['npx', '--', 'tap'] });
  });

  it.each([
    ['/home/ana/.cursor/mcp.json', '~/.cursor/mcp.json'],
    ['/home/ana/shop/.mcp.json', './.mcp.json'],
    ['/home/anabel/.cursor/mcp.json', '/home/anabel/.cursor/mcp.json'],
  ])('%s is recorded as %s', (file, origin) => {
    expect(originOf(file, { home: '/home/ana', cwd: '/home/ana/shop' })).toBe(origin);
  });

  it.each([
    [['npx', 'countersign', 'tap', '--', 'x'], true],
    [['npx', '-y', 'countersign', 'tap', '--', 'x'], true],
    [['countersign.cmd', 'tap', '--', 'x'], true],
    [['countersign', 'tap', '--upstream', 'https://a.example', '--listen', '127.0.0.1:1'], true],
    [['npx', 'tap', '--', 'x'], false],
    [['beer', 'tap', '--', 'countersign'], false],
    [['node', 'server.js', 'countersign', 'tap', '--', 'x'], false],
    [['tap', '--', 'x'], false],
    [[], false],
  ] as const)('%j: a tap of ours: %s', (words, isOurs) => {
    expect(parseTapWords(words) !== undefined).toBe(isOurs);
  });
});

describe('what looks like a secret', () => {
  it.each<readonly [readonly string[], readonly string[]]>([
    [['--api-key', 'abc'], ['abc']],
    [['--token=abc'], ['abc']],
    [['API_TOKEN=abc'], ['abc']],
    [['--token', '${TOKEN}', '--password', '$PASS', '--secret', '--other'], []],
    [['sk-live1', 'ghp_x', 'Bearer y'], ['sk-live1', 'ghp_x', 'Bearer y']],
    [['postgres://u:p%40ss@db/x', 'https://a.example/?access_token=t1&page=2'], ['p@ss', 't1']],
    [['postgres://u:100%@db/x'], ['100%']],
    [['-y', '@scope/token-counter', '/home/secret/x'], []],
  ])('%j', (words, secrets) => {
    expect(secretWords(words)).toEqual(secrets);
  });

  it('is hidden in every form it may be printed in', () => {
    expect(hidden('a "q\\"x" q"x q%22x', ['q"x'])).toBe('a "•••" ••• •••');
    expect(privateValues({ env: { A: 'value', B: '${B}', C: 1 }, headers: { Authorization: 'Bearer z' }, args: ['visible'] })).toEqual(['value', 'Bearer z']);
  });
});
