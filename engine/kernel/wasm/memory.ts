// Stands in for ../memory.ts when the kernel is compiled to WebAssembly (AssemblyScript, not checked by tsc).

export function i32At(at: i32): i32 {
  return load<i32>(at);
}

export function setI32(at: i32, value: i32): void {
  store<i32>(at, value);
}

export function f64At(at: i32): f64 {
  return load<f64>(at);
}

export function setF64(at: i32, value: f64): void {
  store<f64>(at, value);
}

export function wrapToI32(value: f64): i32 {
  return <i32>(<i64>value);
}

/** 2^52 + 2^51: what is added to it stands, as a whole number, in the lowest bits of the sum. The instruction for it checks too much. */
const WHOLE: f64 = 6755399441055744;

export function toI32(value: f64): i32 {
  return <i32>reinterpret<i64>(value + WHOLE);
}

export function multiplyI32(a: i32, b: i32): i32 {
  return a * b;
}

export function lowestBit(word: i32): i32 {
  return ctz<i32>(word);
}

export function leadingZeros(word: i32): i32 {
  return clz<i32>(word);
}

export function fillZero(at: i32, bytes: i32): void {
  memory.fill(at, 0, bytes);
}

export function copyBytes(to: i32, from: i32, bytes: i32): void {
  memory.copy(to, from, bytes);
}

export function memoryBytes(): i32 {
  return memory.size() << 16;
}

export function growMemory(pages: i32): void {
  if (memory.grow(pages) < 0) unreachable();
}

export function fail(): void {
  unreachable();
}
