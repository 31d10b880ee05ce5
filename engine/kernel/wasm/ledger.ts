// Stands in for ../ledger.ts when the kernel is compiled to WebAssembly (AssemblyScript, not checked by tsc).

export declare function closableLotsOutside(book: i32, account: i32, side: i32): f64;

export declare function settleFillOutside(book: i32, event: i32): void;
