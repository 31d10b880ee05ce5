/**
 * Number types of the kernel's sources. For TypeScript both are `number`; compiled to WebAssembly they are what their
 * names say, so the compiler there refuses a fraction where a whole number of 32 bits belongs.
 */
declare type i32 = number;
declare type f64 = number;
