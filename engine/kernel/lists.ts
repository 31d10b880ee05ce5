import { N_NEXT, N_PREVIOUS } from './layout.js';
import { i32At, setI32 } from './memory.js';

/** Circular lists of nodes (8 bytes: next, previous). The owner is a node of its own list; an empty one is its own neighbour. */

export function openList(owner: i32): void {
  setI32(owner + N_NEXT, owner);
  setI32(owner + N_PREVIOUS, owner);
}

/** Puts the node last. Returns the one before it: the owner when the list was empty. */
export function linkLast(owner: i32, node: i32): i32 {
  const last = i32At(owner + N_PREVIOUS);
  setI32(node + N_NEXT, owner);
  setI32(node + N_PREVIOUS, last);
  setI32(last + N_NEXT, node);
  setI32(owner + N_PREVIOUS, node);
  return last;
}

export function linkFirst(owner: i32, node: i32): void {
  const first = i32At(owner + N_NEXT);
  setI32(node + N_NEXT, first);
  setI32(node + N_PREVIOUS, owner);
  setI32(first + N_PREVIOUS, node);
  setI32(owner + N_NEXT, node);
}

/** Takes the node out. True when its list is now empty. */
export function unlink(node: i32): boolean {
  const next = i32At(node + N_NEXT);
  const previous = i32At(node + N_PREVIOUS);
  setI32(previous + N_NEXT, next);
  setI32(next + N_PREVIOUS, previous);
  // Neighbours are the same node only when no other but the owner is left.
  return next === previous;
}

/** The owner has moved here with its bytes: its neighbours learn about it. */
export function moveOwner(from: i32, to: i32): void {
  const first = i32At(to + N_NEXT);
  if (first === from) {
    openList(to);
    return;
  }
  setI32(first + N_PREVIOUS, to);
  setI32(i32At(to + N_PREVIOUS) + N_NEXT, to);
}
