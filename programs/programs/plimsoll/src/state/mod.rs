//! What the chain holds. All accounts but `Change` and `Forced` are laid out in memory as they are stored, without gaps.
pub mod change;
pub mod exchange;
pub mod forced;
pub mod limits;
pub mod market;
pub mod page;
pub mod stage;

pub use change::*;
pub use exchange::*;
pub use forced::*;
pub use limits::*;
pub use market::*;
pub use page::*;
pub use stage::*;
