/** What a key may do for its account. Bits, in the order of the names; new ones are appended. */
export const PERMISSIONS = ['read', 'trade', 'withdraw', 'manage'] as const;
export type Permission = (typeof PERMISSIONS)[number];

export const MAY_READ = 1;
export const MAY_TRADE = 2;
export const MAY_WITHDRAW = 4;
/** Makes and revokes other keys of the account. */
export const MAY_MANAGE = 8;
/** The owner: key pair of the account, or the key that came with it. */
export const MAY_EVERYTHING = MAY_READ | MAY_TRADE | MAY_WITHDRAW | MAY_MANAGE;

export function permissionNames(bits: number): Permission[] {
  return PERMISSIONS.filter((_name, i) => (bits & (1 << i)) !== 0);
}

/** Bits of a list of names; −1 when one is none. */
export function permissionBits(names: readonly unknown[]): number {
  let bits = 0;
  for (const name of names) {
    const i = PERMISSIONS.indexOf(name as Permission);
    if (i < 0) return -1;
    bits |= 1 << i;
  }
  return bits;
}
