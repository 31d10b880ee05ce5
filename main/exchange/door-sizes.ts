import fs from 'node:fs';
import { DEFAULT_LIMITS, type GatewayLimits } from '../../gateway/limits.js';

/** For journals, snapshots, histories, logs, operators, and everything else that is no door. */
const RESERVED_FILES = 512;
/** What opens sockets: the public port, the FIX door and the binary door. */
const DOORS_BESIDE = 2;

/** Files and sockets that this process may have open; null: it cannot be told. */
export function openFilesMax(): number | null {
  try {
    const [, soft] =
      /^Max open files\s+(\d+)/m.exec(fs.readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft === undefined ? null : Number(soft);
  } catch {
    return reportedFilesMax();
  }
}

/** Elsewhere than on Linux. */
function reportedFilesMax(): number | null {
  const { userLimits } = process.report.getReport() as {
    userLimits?: { open_files?: { soft: number | string } };
  };
  const soft = Number(userLimits?.open_files?.soft);
  return Number.isFinite(soft) ? soft : null;
}

/**
 * Limits under which all doors together leave enough files to everything else, however many come: a stranger who opens sockets must not keep
 * a journal from its next segment, or an operator from his door. `notice`: they are below what was wanted.
 */
export function limitsWithin(
  filesMax: number | null,
  wanted: Partial<GatewayLimits>,
): { limits: Partial<GatewayLimits>; notice: string | null } {
  const { connectionsMax, socketsMax, tcpConnectionsMax } = { ...DEFAULT_LIMITS, ...wanted };
  const sockets = socketsMax + DOORS_BESIDE * tcpConnectionsMax;
  if (filesMax === null || filesMax - RESERVED_FILES >= sockets)
    return { limits: wanted, notice: null };
  const left = filesMax - Math.min(RESERVED_FILES, Math.floor(filesMax / 2));
  const part = (most: number) => Math.max(1, Math.floor((most * left) / sockets));
  const limits = {
    ...wanted,
    connectionsMax: part(connectionsMax),
    socketsMax: part(socketsMax),
    tcpConnectionsMax: part(tcpConnectionsMax),
  };
  const notice =
    `this process may have ${filesMax} files open, so the doors take ${limits.socketsMax} sockets ` +
    `(public) and ${limits.tcpConnectionsMax} each (FIX, binary) instead of ${socketsMax} and ` +
    `${tcpConnectionsMax}; \`ulimit -n ${sockets + RESERVED_FILES}\` is enough for all`;
  return { limits, notice };
}
