//! One file a concept: the accounts an instruction takes, who must sign, and what it does.
pub mod add_market;
pub mod change;
pub mod deposit;
pub mod escape;
pub mod forced;
pub mod freeze;
pub mod initialize;
pub mod page;
pub mod settle_batch;
pub mod stage;
pub mod status;
pub mod sweep;
pub mod withdraw;

pub use add_market::*;
pub use change::*;
pub use deposit::*;
pub use escape::*;
pub use forced::*;
pub use freeze::*;
pub use initialize::*;
pub use page::*;
pub use settle_batch::*;
pub use stage::*;
pub use status::*;
pub use sweep::*;
pub use withdraw::*;
