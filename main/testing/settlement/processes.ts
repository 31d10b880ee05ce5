import { execFileSync } from 'node:child_process';

/** What runs behind an exchange. */
export type Part = 'bus' | 'nats' | 'chain' | 'settlement';

const MODULES: readonly [Part, string][] = [
  ['bus', 'main/settlement/bus-child.js'],
  ['chain', 'settlement/chain/embedded/process.js'],
  ['settlement', 'main/settlement/settlement-child.js'],
];

/** Processes that the exchange has started, and the server of its bus, by what they are. One that is being started again is not there. */
export function partsOf(exchangePid: number): Map<Part, number> {
  const processes = listed();
  const parts = new Map<Part, number>();
  for (const { pid, parent, command } of processes) {
    const found = MODULES.find(([, module]) => command.includes(module));
    if (parent === exchangePid && found !== undefined) parts.set(found[0], pid);
  }
  const server = processes.find(({ parent, command }) => {
    return parent === parts.get('bus') && command.includes('nats-server.conf');
  });
  if (server !== undefined) parts.set('nats', server.pid);
  return parts;
}

/** Whatever runs and names this folder. */
export function commandsWith(folder: string): string[] {
  const found = listed().filter(({ command }) => command.includes(folder));
  return found.map(({ command }) => command);
}

function listed() {
  const text = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' });
  return text.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line);
    if (match === null) return [];
    return [{ pid: Number(match[1]), parent: Number(match[2]), command: match[3] as string }];
  });
}
